export type Platform = "node" | "portable";

declare module "vitest" {
  interface ProvidedContext {
    platform: Platform;
  }
}
