export { readClusterMessage, readServiceMessage, readSliceMessage, WrongMessage } from "./read-message.ts";
