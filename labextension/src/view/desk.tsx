/** What every component may need: the words, and what the page can do beyond the kernel. */

import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import * as React from 'react';

import type { ISettings } from '../settings';

export type Words = Pick<TranslationBundle, '__' | '_n'>;

export interface IHost {
  /** Create a notebook that holds a search. */
  newSearch(): void;
  /** Write code where the person works; it is not run. */
  insertCode(code: string): void;
  restartKernel(): void;
  /** Remember whether the package is loaded without a click. */
  setLoadByItself(value: boolean): void;
}

export interface IDesk {
  readonly words: Words;
  readonly host: IHost;
  readonly settings: ISettings;
}

const Desk = React.createContext<IDesk | null>(null);

export const DeskProvider = Desk.Provider;

export function useDesk(): IDesk {
  const desk = React.useContext(Desk);
  if (desk === null) {
    throw new Error('The panel expects a desk around its components.');
  }
  return desk;
}

export function useWords(): Words {
  return useDesk().words;
}

/** Draw again when the signal is emitted and the value behind it is another. */
export function useSignalled<S, T>(signal: ISignal<S, void> | null, read: () => T): T {
  const subscribe = React.useCallback(
    (callback: () => void) => {
      signal?.connect(callback);
      return () => void signal?.disconnect(callback);
    },
    [signal]
  );
  return React.useSyncExternalStore(subscribe, read);
}

/**
 * Width of an element in pixels, followed as it changes; `fallback` until it is known. The element may come later than
 * its component, and go.
 */
export function useWidth<E extends Element>(fallback: number): readonly [React.RefCallback<E>, number] {
  const [target, setTarget] = React.useState<E | null>(null);
  const [width, setWidth] = React.useState(fallback);
  React.useLayoutEffect(() => {
    if (target === null || typeof ResizeObserver === 'undefined') {
      return undefined;
    }
    const observer = new ResizeObserver(entries => {
      const measured = Math.round(entries[0]?.contentRect.width ?? 0);
      // A hidden panel measures 0: what was drawn stays as it is.
      if (measured > 0) {
        setWidth(measured);
      }
    });
    observer.observe(target);
    return () => observer.disconnect();
  }, [target]);
  return [setTarget, width];
}
