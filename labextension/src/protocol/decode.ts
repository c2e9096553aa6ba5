/** Small decoders: each takes an unknown value and gives a typed one, or says where it does not fit and why. */

/** A message that does not keep the contract; the text names the field. */
export class MessageError extends Error {
  constructor(
    readonly path: string,
    expected: string,
    came: unknown
  ) {
    super(`${path}: expected ${expected}, but got ${describe(came)}`);
    this.name = 'MessageError';
  }
}

/** The other side speaks another version of the protocol. */
export class VersionError extends Error {
  constructor(readonly theirs: unknown) {
    super(`protocol version ${describe(theirs)}`);
    this.name = 'VersionError';
  }
}

export type Decoder<T> = (value: unknown, path: string) => T;
export type Decoded<D> = D extends Decoder<infer T> ? T : never;
type Shape = Readonly<Record<string, Decoder<unknown>>>;
type DecodedShape<S extends Shape> = { readonly [K in keyof S]: Decoded<S[K]> };

const MAX_SHOWN = 60;

function describe(value: unknown): string {
  if (value === undefined) {
    return 'nothing';
  }
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return String(value);
  }
  const written = JSON.stringify(value) ?? typeof value;
  return written.length > MAX_SHOWN ? `${written.slice(0, MAX_SHOWN)}…` : written;
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export const text: Decoder<string> = (value, path) => {
  if (typeof value !== 'string') {
    throw new MessageError(path, 'text', value);
  }
  return value;
};

export const flag: Decoder<boolean> = (value, path) => {
  if (typeof value !== 'boolean') {
    throw new MessageError(path, 'true or false', value);
  }
  return value;
};

export const finite: Decoder<number> = (value, path) => {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    throw new MessageError(path, 'a finite number', value);
  }
  return value;
};

/** A count or a number of something: never below zero. */
export const whole: Decoder<number> = (value, path) => {
  if (!Number.isSafeInteger(value) || finite(value, path) < 0) {
    throw new MessageError(path, 'a whole number from 0', value);
  }
  return finite(value, path);
};

/** Text, number, flag or nothing: a value of a configuration. */
export const scalar: Decoder<string | number | boolean | null> = (value, path) => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') {
    return value;
  }
  return finite(value, path);
};

export function oneOf<T extends string>(...allowed: readonly T[]): Decoder<T> {
  return (value, path) => {
    const found = allowed.find(item => item === value);
    if (found === undefined) {
      throw new MessageError(path, `one of ${allowed.join(', ')}`, value);
    }
    return found;
  };
}

export function nullable<T>(decoder: Decoder<T>): Decoder<T | null> {
  return (value, path) => (value === null ? null : decoder(value, path));
}

export function list<T>(decoder: Decoder<T>): Decoder<readonly T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) {
      throw new MessageError(path, 'a list', value);
    }
    return value.map((item: unknown, index) => decoder(item, `${path}[${index}]`));
  };
}

/** Any names with values of one kind; `fromEntries` defines own properties, so no name can reach a prototype. */
export function record<T>(decoder: Decoder<T>): Decoder<Readonly<Record<string, T>>> {
  return (value, path) => {
    if (!isRecord(value)) {
      throw new MessageError(path, 'an object', value);
    }
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, decoder(item, `${path}.${key}`)]));
  };
}

/** An object with these fields. Others are left out, so that a newer package may add some. */
export function object<S extends Shape>(shape: S): Decoder<DecodedShape<S>> {
  const fields = Object.entries(shape);
  return (value, path) => {
    if (!isRecord(value)) {
      throw new MessageError(path, 'an object', value);
    }
    const decoded = fields.map(([key, decoder]) => [key, decoder(value[key], `${path}.${key}`)] as const);
    return Object.fromEntries(decoded) as DecodedShape<S>;
  };
}

/** Demand that the named lists of an object are equally long. */
export function equallyLong<T extends object>(decoder: Decoder<T>, ...names: (keyof T & string)[]): Decoder<T> {
  return (value, path) => {
    const decoded = decoder(value, path);
    const lengths = names.map(name => {
      const column = decoded[name];
      return Array.isArray(column) ? column.length : -1;
    });
    if (new Set(lengths).size > 1) {
      throw new MessageError(path, `${names.join(', ')} of equal length`, lengths);
    }
    return decoded;
  };
}
