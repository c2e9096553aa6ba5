/** Something asked of the kernel: not yet, on its way, here, or refused. */

import { RequestError } from './requests';

export interface IProblem {
  readonly message: string;
  readonly hint: string;
}

export type Remote<T> =
  | { readonly kind: 'none' }
  /** `before` stays on the screen while a new value is fetched. */
  | { readonly kind: 'loading'; readonly before: T | null }
  | { readonly kind: 'ready'; readonly value: T }
  | ({ readonly kind: 'failed' } & IProblem);

export const NONE = { kind: 'none' } as const;

export function loading<T>(before: Remote<T>): Remote<T> {
  return { kind: 'loading', before: valueOf(before) };
}

export function ready<T>(value: T): Remote<T> {
  return { kind: 'ready', value };
}

export function failed(reason: unknown): { readonly kind: 'failed' } & IProblem {
  return { kind: 'failed', ...problemOf(reason) };
}

export function problemOf(reason: unknown): IProblem {
  return {
    message: reason instanceof Error ? reason.message : String(reason),
    hint: reason instanceof RequestError ? reason.hint : ''
  };
}

/** The value, or the one before while a new one is on its way. */
export function valueOf<T>(remote: Remote<T>): T | null {
  switch (remote.kind) {
    case 'ready':
      return remote.value;
    case 'loading':
      return remote.before;
    default:
      return null;
  }
}

/** Put `loading`, then the value or the refusal. */
export async function track<T>(before: Remote<T>, answer: Promise<T>, put: (remote: Remote<T>) => void): Promise<void> {
  put(loading(before));
  put(await answer.then(ready, failed));
}
