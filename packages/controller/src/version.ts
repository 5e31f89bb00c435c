/** Version of Carrick that this process is. */
export const VERSION = "0.1.0";
