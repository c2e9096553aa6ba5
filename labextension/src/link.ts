/** Where the panel stands with a kernel, and who is told of it. */

import type { RequestType, Snapshot, StudyEvent } from './protocol';

/** Where the panel stands with the kernel; each case but `ready` has a view of its own. */
export type Link =
  | { readonly kind: 'no-kernel' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'asking' }
  | { readonly kind: 'unsupported'; readonly language: string }
  | { readonly kind: 'deaf' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'loading' }
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'connecting' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'offline' }
  | { readonly kind: 'restarting' }
  | { readonly kind: 'dead' }
  | { readonly kind: 'version'; readonly theirs: string };

/** Who is told what the connection sees. */
export interface IListener {
  onLink(link: Link): void;
  onEvent(event: StudyEvent): void;
  /** What the kernel knows now; null when it has no study. */
  onSnapshot(snapshot: Snapshot | null, packageVersion: string): void;
  /** The kernel was restarted: nothing that was known of it holds. */
  onForget(): void;
  onLate(types: readonly RequestType[]): void;
  /** A message that could not be read, as one line. */
  onProblem(message: string): void;
  /** The study on the screen, or null for the kernel's current one. */
  shownStudy(): string | null;
}

/** Whether the link waits for the kernel to come up. */
export function isWaiting(link: Link): boolean {
  return link.kind === 'starting' || link.kind === 'restarting' || link.kind === 'dead';
}
