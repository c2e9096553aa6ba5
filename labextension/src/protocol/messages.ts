/** The messages of the two comms: events from the kernel, requests to it and their one answer each. */

import type { Decoded, Decoder } from './decode';
import { MessageError, VersionError, isRecord, list, nullable, object, text, whole } from './decode';
import {
  charts,
  curvePoint,
  device,
  pastTask,
  poolModel,
  preview,
  progress,
  snapshot,
  studyInfo,
  trialRow,
  variable
} from './objects';

export const VERSION = 1;
export const EVENTS_TARGET = 'xautolm_nb.events';
export const CONTROL_TARGET = 'xautolm_nb.control';

// ---- events ---------------------------------------------------------------------------------------------------------

const events = {
  hello: object({ package: text, study: nullable(text) }),
  study: object({ study: studyInfo }),
  trial: object({ study: text, trial: trialRow }),
  progress: object({ study: text, progress }),
  charts: object({ study: text, charts }),
  device: object({ study: text, device }),
  finished: object({ study: text, reason: text })
} as const;
type EventType = keyof typeof events;
export type StudyEvent = {
  [T in EventType]: { readonly type: T; readonly seq: number } & Decoded<(typeof events)[T]>;
}[EventType];

function isEventType(value: unknown): value is EventType {
  return typeof value === 'string' && Object.prototype.hasOwnProperty.call(events, value);
}

/**
 * Read a message of the events comm.
 *
 * Throws a VersionError when the package speaks another protocol, a MessageError when a field does not fit.
 */
export function decodeEvent(data: unknown): StudyEvent {
  const message = versioned(data, 'event');
  const type = message['type'];
  if (!isEventType(type)) {
    throw new MessageError('event.type', `one of ${Object.keys(events).join(', ')}`, type);
  }
  const decoder: Decoder<object> = events[type];
  const seq = whole(message['seq'], `${type}.seq`);
  return { ...decoder(message, type), type, seq } as StudyEvent;
}

/** The study an event is about; null for those that are about none. */
export function studyOf(event: StudyEvent): string | null {
  switch (event.type) {
    case 'study':
      return event.study.id;
    case 'hello':
      return null;
    default:
      return event.study;
  }
}

/** What keeps its meaning when a newer event of the same key has come: later ones replace it. */
export function eventKey(event: StudyEvent): string {
  const number = event.type === 'trial' ? event.trial.number : event.type === 'progress' ? event.progress.number : '';
  return `${event.type} ${studyOf(event) ?? ''} ${number}`;
}

// ---- requests and answers -------------------------------------------------------------------------------------------

/** Options of a search, in the words of `SearchRequest`. */
export type SearchOptions = Readonly<Record<string, string | number | boolean | readonly string[]>>;
export type Source = 'variable' | 'file';

interface IStart {
  readonly data: string;
  readonly source: Source;
  readonly request: SearchOptions;
  readonly store: string | null;
}
interface IStudy {
  readonly study: string;
}
interface ITrial extends IStudy {
  readonly number: number;
}
type Nothing = Readonly<Record<never, never>>;

/** Fields of each request, beside `v`, `id` and `type`. */
export interface IRequests {
  sync: { readonly study: string | null };
  variables: Nothing;
  preview: {
    readonly data: string;
    readonly source: Source;
    readonly text: readonly string[] | null;
    readonly label: string | null;
  };
  models: Nothing;
  start: IStart;
  code: IStart;
  pause: IStudy;
  resume: IStudy & { readonly budget: string | null };
  stop: IStudy;
  stop_trial: ITrial;
  trial: ITrial;
  studies: { readonly limit: number };
  open: IStudy;
  experiences: { readonly study: string | null; readonly limit: number };
  export: IStudy & { readonly folder: string };
}
export type RequestType = keyof IRequests;

const acks = {
  sync: object({ snapshot: nullable(snapshot), seq: whole, package: text }),
  variables: object({ variables: list(variable) }),
  preview: object({ preview }),
  models: object({ models: list(poolModel), machine: device }),
  start: object({ study: studyInfo }),
  code: object({ code: text }),
  pause: object({}),
  resume: object({}),
  stop: object({}),
  stop_trial: object({}),
  trial: object({ trial: trialRow, why: text, detail: text, curve: list(curvePoint) }),
  studies: object({ studies: list(studyInfo) }),
  open: object({ snapshot }),
  experiences: object({ tasks: list(pastTask), total: whole, store: text }),
  export: object({ folder: text })
} as const satisfies Readonly<Record<RequestType, Decoder<object>>>;
export type Ack<T extends RequestType> = Decoded<(typeof acks)[T]>;

/**
 * Requests that may be sent again with their id when the connection was lost before the answer came: a kernel that got
 * both does the same once more and nothing else. Those that start, reopen, lengthen or write are not among them.
 */
const REPEATABLE: ReadonlySet<RequestType> = new Set<RequestType>([
  'sync',
  'variables',
  'preview',
  'models',
  'code',
  'pause',
  'stop',
  'stop_trial',
  'trial',
  'studies',
  'experiences'
]);

export function isRepeatable(type: RequestType): boolean {
  return REPEATABLE.has(type);
}

/** Requests that a free kernel answers at once; the others read data, disk or hub and take their time. */
const QUICK: ReadonlySet<RequestType> = new Set<RequestType>([
  'sync',
  'variables',
  'pause',
  'resume',
  'stop',
  'stop_trial'
]);

export function isQuick(type: RequestType): boolean {
  return QUICK.has(type);
}

export type Answer =
  | { readonly type: 'ack'; readonly id: string; readonly body: unknown }
  | { readonly type: 'error'; readonly id: string | null; readonly message: string; readonly hint: string };

const answerError = object({ id: nullable(text), message: text, hint: text });

/** Read the envelope of an answer; `decodeAck` reads the rest once the request it belongs to is known. */
export function decodeAnswer(data: unknown): Answer {
  const message = versioned(data, 'answer');
  if (message['type'] === 'error') {
    return { ...answerError(message, 'error'), type: 'error' };
  }
  if (message['type'] !== 'ack') {
    throw new MessageError('answer.type', 'ack or error', message['type']);
  }
  return { type: 'ack', id: text(message['id'], 'ack.id'), body: message };
}

/** Read what the kernel answered to a request of this type. */
export function decodeAck<T extends RequestType>(type: T, body: unknown): Ack<T> {
  const decoder: Decoder<object> = acks[type];
  return decoder(body, `${type}.ack`) as Ack<T>;
}

/** Write a request as it goes over the wire. */
export function encodeRequest<T extends RequestType>(type: T, id: string, fields: IRequests[T]): object {
  return { v: VERSION, id, type, ...fields };
}

function versioned(data: unknown, path: string): Readonly<Record<string, unknown>> {
  if (!isRecord(data)) {
    throw new MessageError(path, 'an object', data);
  }
  if (data['v'] !== VERSION) {
    throw new VersionError(data['v']);
  }
  return data;
}
