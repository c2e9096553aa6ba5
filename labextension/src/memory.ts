/** What a page remembers over a reload: the forms, and whether the panel was open. Nothing here is worth an error. */

import type { IDraft } from './draft';
import { METHODS } from './draft';
import { flag, list, nullable, object, oneOf, text } from './protocol/decode';

/** Where forms are kept, by kernel. */
export interface IDraftMemory {
  load(kernel: string): IDraft | null;
  save(kernel: string, draft: IDraft): void;
}

export const NO_MEMORY: IDraftMemory = { load: () => null, save: () => undefined };

const PREFIX = 'xautolm-nb';

const draftDecoder = object({
  source: oneOf('variable', 'file'),
  data: text,
  text: nullable(list(text)),
  label: nullable(text),
  kind: nullable(text),
  budget: text,
  metric: text,
  front: flag,
  models: nullable(list(text)),
  methods: list(oneOf(...METHODS)),
  name: text,
  store: text,
  maxTrials: text,
  workers: text,
  seed: text,
  usePrior: flag,
  useStarter: flag
});

/** Keeps forms as long as the tab of the browser. What cannot be read, such as that of another version, is left. */
export class PageMemory implements IDraftMemory {
  constructor(private readonly storage: Pick<Storage, 'getItem' | 'setItem'>) {}

  load(kernel: string): IDraft | null {
    try {
      const kept = this.storage.getItem(`${PREFIX}:draft:${kernel}`);
      return kept === null ? null : { ...draftDecoder(JSON.parse(kept), 'draft'), trustCode: '' };
    } catch {
      return null;
    }
  }

  save(kernel: string, draft: IDraft): void {
    // Whose code may run is asked anew on each page, so that nobody is trusted by what lies in a storage.
    this.keep(`draft:${kernel}`, JSON.stringify({ ...draft, trustCode: undefined }));
  }

  get wasOpen(): boolean {
    try {
      return this.storage.getItem(`${PREFIX}:open`) === 'true';
    } catch {
      return false;
    }
  }

  set wasOpen(open: boolean) {
    this.keep('open', String(open));
  }

  /** A full or forbidden storage only forgets. */
  private keep(name: string, value: string): void {
    try {
      this.storage.setItem(`${PREFIX}:${name}`, value);
    } catch {
      return;
    }
  }
}
