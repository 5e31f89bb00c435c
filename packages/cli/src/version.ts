/** Version of Carrick that this command belongs to. */
export const VERSION = "0.1.0";
