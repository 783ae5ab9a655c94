/** Style sheets and raw files are imported for the bundler's sake. */
declare module "*.css";
declare module "*.svg?raw" {
  const text: string;
  export default text;
}
