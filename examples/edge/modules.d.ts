/** A module of data: workerd gives its bytes. */
declare module "*.safetensors" {
  const bytes: ArrayBuffer;
  export default bytes;
}
