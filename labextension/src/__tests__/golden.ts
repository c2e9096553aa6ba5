/** The golden messages that both sides of the protocol read, and small changes to them. */

import * as fs from 'fs';
import * as path from 'path';

const FOLDER = path.resolve(__dirname, '../../../protocol');

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };
export type JsonObject = { readonly [name: string]: Json };

/** Names of the golden files that begin so, without `.json`. */
export function goldenNames(prefix: string): readonly string[] {
  return fs
    .readdirSync(FOLDER)
    .filter(name => name.startsWith(prefix) && name.endsWith('.json'))
    .map(name => name.slice(0, -'.json'.length))
    .sort();
}

export function golden(name: string): JsonObject {
  const read: unknown = JSON.parse(fs.readFileSync(path.join(FOLDER, `${name}.json`), 'utf-8'));
  return asObject(read as Json);
}

export function asObject(value: Json | undefined): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`expected an object, but got ${JSON.stringify(value)}`);
  }
  return value as JsonObject;
}

/** A message with one thing wrong, and what that is. */
export interface IMutant {
  readonly what: string;
  readonly message: Json;
}

/** Each field left out, each value of another type, each number not finite. Names in `free` may hold any keys. */
export function mutants(message: Json, free: ReadonlySet<string>, at = ''): readonly IMutant[] {
  if (Array.isArray(message)) {
    const list = message as readonly Json[];
    const inside = list.flatMap((item, index) =>
      mutants(item, free, `${at}[${index}]`).map(({ what, message: changed }) => ({
        what,
        message: list.map((other, place) => (place === index ? changed : other))
      }))
    );
    return [{ what: `${at} is no list`, message: 'no list' }, ...inside];
  }
  if (typeof message === 'object' && message !== null) {
    return objectMutants(message as JsonObject, free, at);
  }
  return leafMutants(message as string | number | boolean | null, at);
}

function objectMutants(message: JsonObject, free: ReadonlySet<string>, at: string): readonly IMutant[] {
  const isFree = free.has(at.slice(at.lastIndexOf('.') + 1));
  const names = Object.keys(message);
  const without = isFree
    ? []
    : names.map(name => ({
        what: `${at}.${name} is missing`,
        message: Object.fromEntries(Object.entries(message).filter(([other]) => other !== name))
      }));
  const inside = names.flatMap(name =>
    mutants(message[name] ?? null, free, `${at}.${name}`).map(({ what, message: changed }) => ({
      what,
      message: { ...message, [name]: changed }
    }))
  );
  return [...(at === '' ? [] : [{ what: `${at} is no object`, message: 7 }]), ...without, ...inside];
}

/** An object is right in the place of no text, number, flag or null. */
function leafMutants(value: string | number | boolean | null, at: string): readonly IMutant[] {
  const wrong: IMutant[] = [{ what: `${at} is an object`, message: { wrong: true } }];
  return typeof value === 'number' ? [...wrong, { what: `${at} is NaN`, message: NaN }] : wrong;
}
