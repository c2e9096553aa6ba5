/** The requests that wait for their answer: each gets exactly one, or is given up with a reason. */

import type { Ack, IRequests, RequestType } from './protocol';
import { decodeAck, decodeAnswer, encodeRequest, isQuick, isRepeatable } from './protocol';

/** The kernel refused a request, or it could not be asked; `hint` says what to do. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly hint: string = ''
  ) {
    super(message);
    this.name = 'RequestError';
  }
}

interface IPending {
  readonly type: RequestType;
  readonly message: object;
  readonly timer: ReturnType<typeof setTimeout>;
  late: boolean;
  resolve(body: unknown): void;
  reject(reason: Error): void;
}

/** A request that a free kernel answers at once is shown as waiting after this long. */
export const LATE_MS = 1500;

export class Requests {
  private readonly pending = new Map<string, IPending>();
  private readonly prefix = Math.random().toString(36).slice(2, 10);
  private count = 0;

  /** `onLate` is called when the set of late requests changes. */
  constructor(private readonly onLate: () => void) {}

  /** Types of the requests that wait for a kernel that is not free. */
  get late(): readonly RequestType[] {
    return [...this.pending.values()].filter(request => request.late).map(request => request.type);
  }

  send<T extends RequestType>(type: T, fields: IRequests[T], post: (message: object) => void): Promise<Ack<T>> {
    const id = `${this.prefix}-${this.count++}`;
    const message = encodeRequest(type, id, fields);
    return new Promise<Ack<T>>((resolve, reject) => {
      const timer = setTimeout(() => this.markLate(id), LATE_MS);
      const settle = (body: unknown): void => {
        try {
          resolve(decodeAck(type, body));
        } catch (error) {
          reject(error);
        }
      };
      this.pending.set(id, { type, message, timer, late: false, resolve: settle, reject });
      post(message);
    });
  }

  /** Take an answer; one that nobody waits for (a second one, or one to another page) is left alone. */
  answer(data: unknown): void {
    const answer = decodeAnswer(data);
    if (answer.type === 'error') {
      const reason = new RequestError(answer.message, answer.hint);
      if (answer.id === null) {
        throw reason;
      }
      this.take(answer.id)?.reject(reason);
    } else {
      this.take(answer.id)?.resolve(answer.body);
    }
  }

  /** After a lost connection: send what may be sent twice once more, and give up the rest. */
  resend(post: (message: object) => void): void {
    for (const [id, request] of [...this.pending]) {
      if (isRepeatable(request.type)) {
        post(request.message);
      } else {
        this.take(id)?.reject(
          new RequestError(
            `The connection was lost before the kernel answered '${request.type}'.`,
            'The view shows what the kernel did; ask again if it did not.'
          )
        );
      }
    }
  }

  /** Give up all requests, for one reason. */
  abandon(reason: string): void {
    for (const id of [...this.pending.keys()]) {
      this.take(id)?.reject(new RequestError(reason));
    }
  }

  private take(id: string): IPending | undefined {
    const request = this.pending.get(id);
    this.pending.delete(id);
    if (request !== undefined) {
      clearTimeout(request.timer);
      if (request.late) {
        this.onLate();
      }
    }
    return request;
  }

  private markLate(id: string): void {
    const request = this.pending.get(id);
    if (request !== undefined && isQuick(request.type)) {
      request.late = true;
      this.onLate();
    }
  }
}
