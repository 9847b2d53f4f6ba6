// Modules that bundlers make.

declare module "*?url" {
  const address: string;
  export default address;
}
