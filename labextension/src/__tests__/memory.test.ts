import { describe, expect, test } from '@jest/globals';

import { newDraft } from '../draft';
import { PageMemory } from '../memory';

function storage(): Pick<Storage, 'getItem' | 'setItem'> {
  const kept = new Map<string, string>();
  return { getItem: key => kept.get(key) ?? null, setItem: (key, value) => void kept.set(key, value) };
}

describe('a page', () => {
  test('gives back the form of the kernel it was kept for', () => {
    const kept = storage();
    const draft = { ...newDraft('2h'), data: 'df', text: ['a', 'b'], methods: ['lora' as const] };
    new PageMemory(kept).save('one', draft);
    expect(new PageMemory(kept).load('one')).toEqual(draft);
    expect(new PageMemory(kept).load('two')).toBeNull();
  });

  test('forgets whose code may run, and takes it from no storage', () => {
    const kept = storage();
    const memory = new PageMemory(kept);
    const draft = { ...newDraft('2h'), trustCode: 'some/model@a1' };
    memory.save('one', draft);
    expect(kept.getItem('xautolm-nb:draft:one')).not.toContain('some/model');
    expect(memory.load('one')).toEqual({ ...draft, trustCode: '' });
    kept.setItem('xautolm-nb:draft:one', JSON.stringify(draft));
    expect(memory.load('one')).toEqual({ ...draft, trustCode: '' });
  });

  test('leaves what it cannot read', () => {
    const kept = storage();
    const memory = new PageMemory(kept);
    for (const broken of ['{', '7', JSON.stringify({ ...newDraft('2h'), methods: ['magic'] })]) {
      kept.setItem('xautolm-nb:draft:one', broken);
      expect(memory.load('one')).toBeNull();
    }
  });

  test('knows whether the panel was open', () => {
    const memory = new PageMemory(storage());
    expect(memory.wasOpen).toBe(false);
    memory.wasOpen = true;
    expect(memory.wasOpen).toBe(true);
  });

  test('works without a storage', () => {
    const refuse = (): never => {
      throw new Error('storage is forbidden');
    };
    const memory = new PageMemory({ getItem: refuse, setItem: refuse });
    memory.wasOpen = true;
    memory.save('one', newDraft('2h'));
    expect([memory.wasOpen, memory.load('one')]).toEqual([false, null]);
  });
});
