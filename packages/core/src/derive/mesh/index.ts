export { type FrontendKey, type FrontendRow, frontends } from "./frontends.ts";
export { type Family, familyOf, type ImageKey, imageKey, type MeshProtocol } from "./image-key.ts";
export { type DrainingEndpoint, type ImageRow, images, imagesOf } from "./images.ts";
