import "vitest";

declare module "vitest" {
  interface ProvidedContext {
    platform: "node" | "portable";
  }
}
