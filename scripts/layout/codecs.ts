/** TypeScript codecs for the structs that BTF describes. Pure: from `bpftool btf dump --json` to the text of a module. */

export interface BtfType {
  readonly id: number;
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly nr_elems?: number;
  readonly members?: readonly { readonly name: string; readonly type_id: number; readonly bits_offset: number }[];
  readonly values?: readonly { readonly name: string; readonly val: number }[];
}

/** How a field looks in TypeScript, and how it gets in and out of a `DataView` called `view`. */
interface Shape {
  readonly type: string;
  readonly write: (at: string, value: string) => string;
  readonly read: (at: string) => string;
}

/** Fields that keep their place: written as zeros, never read. */
const RESERVED = /^reserved\d*$/;

const HEADER = `/** Layout of the maps, generated from datapath/include/layout.h. Do not edit. */
import { type Codec, readBytes, writeBytes, zero } from "./codec.ts";
`;

/** A module with a codec for each struct and a constant for each enum. Throws on what has no codec. */
export function codecs(types: readonly BtfType[]): string {
  const byId = new Map(types.map((type) => [type.id, type]));
  const blocks = types.flatMap((type) => {
    if (type.kind === "ENUM") return [enumBlock(type)];
    // `struct layout` only says which types there are, and what is bytes needs no codec.
    if (type.kind !== "STRUCT" || type.name === "layout" || isBytes(type.id, byId)) return [];
    return [structBlock(type, byId)];
  });
  return [HEADER, ...blocks].join("\n");
}

function enumBlock({ values = [] }: BtfType): string {
  return values.map(({ name, val }) => `export const ${name} = ${val};\n`).join("");
}

function structBlock(type: BtfType, byId: ReadonlyMap<number, BtfType>): string {
  const name = pascal(type.name);
  const all = (type.members ?? []).map((member) => {
    if (member.bits_offset % 8 !== 0) throw new Error(`${type.name}.${member.name} is a bit field, which has no codec`);
    const of = member.type_id;
    return { name: camel(member.name), at: member.bits_offset / 8, of, reserved: RESERVED.test(member.name) };
  });
  const fields = all.filter(({ reserved }) => !reserved).map((field) => ({ ...field, ...shape(field.of, byId) }));
  const place = (at: number): string => (at === 0 ? "at" : `at + ${at}`);
  const writes = [
    ...fields.map((field) => field.write(place(field.at), `value.${field.name}`)),
    ...all.filter(({ reserved }) => reserved).map(({ at, of }) => `zero(view, ${place(at)}, ${sizeOf(of, byId)})`),
  ];
  return `export interface ${name} {
${fields.map((field) => `  readonly ${field.name}: ${field.type};`).join("\n")}
}
export const ${name} = {
  name: "${type.name}",
  size: ${type.size},
  offset: { ${all.map((field) => `${field.name}: ${field.at}`).join(", ")} },
  write(view: DataView, at: number, value: ${name}): void {
${writes.map((line) => `    ${line};`).join("\n")}
  },
  read(view: DataView, at: number): ${name} {
    return {
${fields.map((field) => `      ${field.name}: ${field.read(place(field.at))},`).join("\n")}
    };
  },
} as const satisfies Codec<${name}>;
`;
}

/** Numbers in network order are read as what they mean; addresses stay bytes. */
function shape(id: number, byId: ReadonlyMap<number, BtfType>): Shape {
  const { type, bigEndian } = resolve(id, byId);
  const size = type.size ?? 0;
  if (isBytes(id, byId)) {
    const length = sizeOf(id, byId);
    return {
      type: "Uint8Array",
      write: (at, value) => `writeBytes(view, ${at}, ${value}, ${length})`,
      read: (at) => `readBytes(view, ${at}, ${length})`,
    };
  }
  if (type.kind === "STRUCT") {
    const name = pascal(type.name);
    return {
      type: name,
      write: (at, value) => `${name}.write(view, ${at}, ${value})`,
      read: (at) => `${name}.read(view, ${at})`,
    };
  }
  if (type.kind === "ARRAY") {
    const element = shape(type.type_id!, byId);
    const step = sizeOf(type.type_id!, byId);
    const each = Array.from({ length: type.nr_elems ?? 0 }, (_, index) => index);
    return {
      type: `readonly [${each.map(() => element.type).join(", ")}]`,
      write: (at, value) => each.map((i) => element.write(`${at} + ${i * step}`, `${value}[${i}]`)).join("; "),
      read: (at) => `[${each.map((i) => element.read(`${at} + ${i * step}`)).join(", ")}]`,
    };
  }
  if (type.kind !== "INT" && type.kind !== "ENUM") throw new Error(`${type.kind} ${type.name} has no codec`);
  const accessor = { 1: "Uint8", 2: "Uint16", 4: "Uint32", 8: "BigUint64" }[size];
  if (accessor === undefined) throw new Error(`${type.kind} ${type.name} of ${size} bytes has no codec`);
  const order = size === 1 ? "" : `, ${!bigEndian}`;
  return {
    type: size === 8 ? "bigint" : "number",
    write: (at, value) => `view.set${accessor}(${at}, ${value}${order})`,
    read: (at) => `view.get${accessor}(${at}${order})`,
  };
}

/** Addresses: `__be32`, arrays of it or of bytes, and structs around one of these. */
function isBytes(id: number, byId: ReadonlyMap<number, BtfType>): boolean {
  const { type, bigEndian } = resolve(id, byId);
  if (type.kind === "STRUCT") return type.members?.length === 1 && isBytes(type.members[0]!.type_id, byId);
  if (type.kind === "INT") return bigEndian && type.size === 4;
  if (type.kind !== "ARRAY") return false;
  return isBytes(type.type_id!, byId) || sizeOf(type.type_id!, byId) === 1;
}

function sizeOf(id: number, byId: ReadonlyMap<number, BtfType>): number {
  const { type } = resolve(id, byId);
  return type.kind === "ARRAY" ? (type.nr_elems ?? 0) * sizeOf(type.type_id!, byId) : (type.size ?? 0);
}

/** Behind typedefs. `__be16` and `__be32` are typedefs by name only. */
function resolve(id: number, byId: ReadonlyMap<number, BtfType>): { type: BtfType; bigEndian: boolean } {
  let bigEndian = false;
  for (let type = byId.get(id); type !== undefined; type = byId.get(type.type_id!)) {
    if (type.kind !== "TYPEDEF") return { type, bigEndian };
    bigEndian ||= type.name.startsWith("__be");
  }
  throw new Error(`type ${id} is not in the BTF`);
}

function camel(name: string): string {
  return name.replace(/_+([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function pascal(name: string): string {
  const camelled = camel(name);
  return camelled.charAt(0).toUpperCase() + camelled.slice(1);
}
