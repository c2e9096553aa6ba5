/** Draws components into a page, and finds what a person would find there: by role and name. */

import * as React from 'react';
import { act } from 'react';
import { createRoot } from 'react-dom/client';
import type { Root } from 'react-dom/client';

import type { ISettings } from '../settings';
import { DEFAULTS } from '../settings';
import type { IHost, Words } from '../view/desk';
import { DeskProvider } from '../view/desk';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

function fill(text: string, values: readonly unknown[]): string {
  return text.replace(/%(\d)/g, (_, place: string) => String(values[Number(place) - 1]));
}

/** English, as it is written in the sources. */
export const WORDS: Words = {
  __: (text, ...values) => fill(text, values),
  _n: (one, many, count, ...values) => fill(count === 1 ? one : many, [count, ...values])
};

export class FakeHost implements IHost {
  readonly calls: string[] = [];
  newSearch = (): void => void this.calls.push('newSearch');
  insertCode = (code: string): void => void this.calls.push(`insertCode ${code}`);
  restartKernel = (): void => void this.calls.push('restartKernel');
  setLoadByItself = (value: boolean): void => void this.calls.push(`setLoadByItself ${value}`);
}

export class Page {
  readonly host = new FakeHost();
  private readonly element = document.body.appendChild(document.createElement('div'));
  private readonly root: Root = createRoot(this.element);

  draw(content: JSX.Element, settings: Partial<ISettings> = {}): void {
    const desk = { words: WORDS, host: this.host, settings: { ...DEFAULTS, ...settings } };
    act(() => this.root.render(<DeskProvider value={desk}>{content}</DeskProvider>));
  }

  close(): void {
    act(() => this.root.unmount());
    this.element.remove();
  }

  get text(): string {
    return this.element.textContent ?? '';
  }

  /** All elements that match, in the order of the page. */
  all(selector: string): readonly HTMLElement[] {
    return Array.from(this.element.querySelectorAll<HTMLElement>(selector));
  }

  /** The one element with this role and name. */
  find(role: string, name: string): HTMLElement {
    const found = this.all(SELECTORS[role] ?? `[role="${role}"]`).filter(element => nameOf(element).trim() === name);
    const [only] = found;
    if (only === undefined || found.length > 1) {
      const there = this.all(SELECTORS[role] ?? `[role="${role}"]`).map(nameOf);
      throw new Error(`expected one ${role} ${JSON.stringify(name)}, but there are ${JSON.stringify(there)}`);
    }
    return only;
  }

  has(role: string, name: string): boolean {
    return this.all(SELECTORS[role] ?? `[role="${role}"]`).some(element => nameOf(element).trim() === name);
  }

  click(role: string, name: string): void {
    act(() => this.find(role, name).click());
  }

  press(element: HTMLElement, key: string): void {
    act(() => void element.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true })));
  }

  /** Type over what stands in a field, or choose an option. */
  write(role: string, name: string, value: string): void {
    const field = this.find(role, name);
    const prototype = field instanceof HTMLSelectElement ? HTMLSelectElement.prototype : HTMLInputElement.prototype;
    // React listens to the setter, so the one of the browser is called past it.
    Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(field, value);
    act(
      () =>
        void field.dispatchEvent(new Event(field instanceof HTMLSelectElement ? 'change' : 'input', { bubbles: true }))
    );
  }
}

const SELECTORS: Readonly<Record<string, string>> = {
  button: 'button:not([role])',
  textbox: 'input[type="text"]',
  checkbox: 'input[type="checkbox"]',
  radio: 'input[type="radio"]',
  combobox: 'select',
  row: '[role="row"]'
};

/** The name that a screen reader would read. */
function nameOf(element: HTMLElement): string {
  const label = element.getAttribute('aria-label');
  if (label !== null) {
    return label;
  }
  if (element instanceof HTMLInputElement || element instanceof HTMLSelectElement) {
    return Array.from(element.labels ?? [], each => each.textContent ?? '').join(' ');
  }
  return element.textContent ?? '';
}

export { act };
