import { describe, expect, test } from '@jest/globals';

import type { RequestType, StudyEvent } from '../protocol';
import {
  MessageError,
  VERSION,
  VersionError,
  decodeAck,
  decodeAnswer,
  decodeEvent,
  encodeRequest,
  eventKey,
  isRepeatable
} from '../protocol';
import { asObject, golden, goldenNames, mutants } from './golden';

/** Objects whose names are data: any may be there, none has to be. */
const FREE = new Set(['config', 'expected', 'splits']);

const eventNames = goldenNames('events.');
const ackNames = goldenNames('control.').filter(name => name.includes('.ack'));
const requestNames = goldenNames('control.').filter(name => name.split('.').length === 2 && name !== 'control.error');

function typeOf(name: string): RequestType {
  return name.split('.')[1] as RequestType;
}

/** Changed envelopes are caught by the envelope, changed bodies by the body. */
function readAck(type: RequestType, message: unknown): unknown {
  const answer = decodeAnswer(message);
  if (answer.type !== 'ack') {
    throw new MessageError('answer.type', 'ack', answer.type);
  }
  return decodeAck(type, answer.body);
}

/** What is wrong with those changed messages that are read all the same. */
function accepted(name: string, read: (message: unknown) => unknown): readonly string[] {
  const isRead = (message: unknown): boolean => {
    try {
      read(message);
      return true;
    } catch {
      return false;
    }
  };
  return mutants(golden(name), FREE)
    .filter(({ message }) => isRead(message))
    .map(({ what }) => what);
}

test('there are golden messages of each kind', () => {
  expect(eventNames.length).toBeGreaterThanOrEqual(7);
  expect(ackNames.length).toBeGreaterThanOrEqual(15);
  expect(requestNames).toHaveLength(15);
});

describe('events', () => {
  test.each(eventNames)('%s is read as it is written', name => {
    const { v, ...fields } = golden(name);
    expect(v).toBe(VERSION);
    expect(decodeEvent(golden(name))).toEqual(fields);
  });

  test.each(eventNames)('%s is refused with anything wrong in it', name => {
    expect(mutants(golden(name), FREE).length).toBeGreaterThan(3);
    expect(accepted(name, decodeEvent)).toEqual([]);
  });

  test('an error names the field that does not fit', () => {
    const message = { ...golden('events.finished'), study: 7 };
    expect(() => decodeEvent(message)).toThrow('finished.study: expected text, but got 7');
  });

  test('an unknown type is refused, even one that every object has', () => {
    expect(() => decodeEvent({ ...golden('events.finished'), type: 'nonsense' })).toThrow(MessageError);
    expect(() => decodeEvent({ ...golden('events.finished'), type: 'constructor' })).toThrow(MessageError);
  });

  test.each([2, 0, '1', null, undefined])('version %p is not ours', v => {
    expect(() => decodeEvent({ ...golden('events.finished'), v })).toThrow(VersionError);
  });

  test('a field that a newer package adds is left out', () => {
    const event = decodeEvent({ ...golden('events.finished'), colour: 'blue' });
    expect(event).not.toHaveProperty('colour');
  });

  test('a configuration cannot reach the prototype of its object', () => {
    const message = JSON.parse(
      JSON.stringify(golden('events.trial')).replace('"config":{', '"config":{"__proto__":"evil",')
    ) as object;
    const event = decodeEvent(message);
    const config: object = event.type === 'trial' ? event.trial.config : {};
    expect(Object.getPrototypeOf(config)).toBe(Object.prototype);
    expect(Object.keys(config)).toContain('__proto__');
  });

  test('what was expected is numbers only', () => {
    const trial = { ...asObject(golden('events.trial')['trial']), expected: { score: 'high' } };
    expect(() => decodeEvent({ ...golden('events.trial'), trial })).toThrow('trial.trial.expected.score');
  });

  test('arrays of one chart are equally long', () => {
    const message = JSON.parse(JSON.stringify(golden('events.charts'))) as { charts: { anytime: { best: number[] } } };
    message.charts.anytime.best.push(1);
    expect(() => decodeEvent(message)).toThrow('of equal length');
  });

  test('a newer event of the same key replaces an older one', () => {
    const [one, two] = [decodeEvent(golden('events.trial')), decodeEvent(golden('events.trial.failed'))];
    expect(eventKey(one)).not.toBe(eventKey(two));
    const progress = decodeEvent(golden('events.progress'));
    expect(eventKey(progress)).toBe(eventKey({ ...progress, seq: progress.seq + 1 }));
    expect(eventKey(progress)).not.toBe(eventKey({ ...progress, study: 'another' } as StudyEvent));
    const other = asObject(golden('events.progress')['progress']);
    const beside = decodeEvent({ ...golden('events.progress'), progress: { ...other, number: 77 } });
    expect(eventKey(progress)).not.toBe(eventKey(beside));
  });
});

describe('answers', () => {
  test.each(ackNames)('%s is read as it is written', name => {
    const { v: _v, id: _id, type: _type, ...fields } = golden(name);
    expect(readAck(typeOf(name), golden(name))).toEqual(fields);
  });

  test.each(ackNames)('%s is refused with anything wrong in it', name => {
    expect(accepted(name, message => readAck(typeOf(name), message))).toEqual([]);
  });

  test('errors carry message and hint, with or without an id', () => {
    expect(decodeAnswer(golden('control.error'))).toMatchObject({ type: 'error', id: expect.any(String) });
    expect(decodeAnswer(golden('control.error.unreadable'))).toMatchObject({ type: 'error', id: null });
  });

  test.each(['control.error', 'control.error.unreadable'])('%s is refused with anything wrong in it', name => {
    expect(accepted(name, decodeAnswer)).toEqual([]);
  });
});

describe('requests', () => {
  test.each(requestNames)('%s is what the panel sends', name => {
    const { v: _v, id, type: _type, ...fields } = golden(name);
    const written = encodeRequest(typeOf(name), String(id), fields as never);
    expect(written).toEqual(golden(name));
  });

  test('what starts, reopens, lengthens or writes is never sent twice', () => {
    const once = requestNames.map(typeOf).filter(type => !isRepeatable(type));
    expect(once.sort()).toEqual(['export', 'open', 'resume', 'start']);
  });
});
