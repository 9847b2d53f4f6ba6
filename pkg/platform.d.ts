/**
 * The platform's types that this package's types name, for programs compiled without `lib: ["DOM"]`
 * and without Node's types. Where the real type is known it is that; else it is the part used here.
 */

type Known<Name extends string, Part> = typeof globalThis extends Record<Name, { prototype: infer Real }> ? Real : Part;

export type AbortSignal = Known<
  "AbortSignal",
  {
    readonly aborted: boolean;
    readonly reason: unknown;
    addEventListener(type: "abort", listener: () => void): void;
    removeEventListener(type: "abort", listener: () => void): void;
  }
>;

export type Blob = Known<
  "Blob",
  {
    readonly size: number;
    readonly type: string;
    arrayBuffer(): Promise<ArrayBuffer>;
    slice(start?: number, end?: number): { readonly size: number };
  }
>;

export type URL = Known<"URL", { readonly href: string }>;

export type Response = Known<"Response", { readonly ok: boolean; readonly status: number; arrayBuffer(): Promise<ArrayBuffer> }>;

export type ReadableStream<Chunk> = typeof globalThis extends { ReadableStream: { prototype: unknown } }
  ? globalThis.ReadableStream<Chunk>
  : {
      readonly locked: boolean;
      cancel(reason?: unknown): Promise<void>;
      getReader(): {
        read(): Promise<{ done: false; value: Chunk } | { done: true; value?: undefined }>;
        releaseLock(): void;
        cancel(reason?: unknown): Promise<void>;
      };
    };

declare global {
  // Only the name: it merges with the real one where there is one, and a type cannot be asked for by name alone.
  interface ReadableStream<R = any> {}
}

/** A compiled `WebAssembly.Module`. */
export type WebAssemblyModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Real } } } ? Real : object;
