/** A network namespace of a test; it is gone when the test ends, however it ends. */
import type { TestContext } from "node:test";
import { createNamespace, deleteNamespace, type Namespace } from "./named.ts";

let count = 0;

export function testNamespace(context: TestContext): Namespace & { readonly name: string } {
  const name = `cr-t${process.pid}-${count++}`;
  const namespace = createNamespace(name);
  context.after(() => {
    namespace.close();
    deleteNamespace(name);
  });
  return Object.assign(namespace, { name });
}
