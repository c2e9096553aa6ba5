/** All that the panel shows of one kernel. Immutable: a change makes a new one. */

import type { IDraft } from './draft';
import { newDraft } from './draft';
import type { Link } from './link';
import type { Ack, Preview, RequestType, StudyInfo, Variable } from './protocol';
import type { IProblem, Remote } from './remote';
import { NONE } from './remote';
import type { IStudyView } from './state';
import { EMPTY_VIEW } from './state';
import type { ITableView } from './table';
import { DEFAULT_TABLE } from './table';

export type Asked = 'pause' | 'resume' | 'stop';
export type Tab = 'setup' | 'run' | 'trials' | 'history';

export interface IPanelState {
  readonly link: Link;
  readonly packageVersion: string;
  readonly problem: IProblem | null;
  /** Requests that a free kernel would have answered by now. */
  readonly late: readonly RequestType[];
  readonly view: IStudyView;
  /** A study that works in this kernel while another is on the screen. */
  readonly other: StudyInfo | null;
  /** What was asked for and has not yet happened. */
  readonly asked: Asked | null;
  readonly draft: IDraft;
  readonly variables: Remote<readonly Variable[]>;
  readonly preview: Remote<Preview>;
  readonly pool: Remote<Ack<'models'>>;
  readonly started: Remote<string>;
  readonly studies: Remote<readonly StudyInfo[]>;
  readonly experience: Remote<Ack<'experiences'>>;
  /** The trial looked at closely. */
  readonly chosen: number | null;
  readonly detail: Remote<Ack<'trial'>>;
  readonly exported: Remote<string>;
  /** The tab a person chose; null follows what there is to see. */
  readonly tab: Tab | null;
  readonly table: ITableView;
}

/** Before anything is known. */
export function initialState(budget: string): IPanelState {
  return {
    link: { kind: 'starting' },
    packageVersion: '',
    problem: null,
    late: [],
    view: EMPTY_VIEW,
    other: null,
    asked: null,
    draft: newDraft(budget),
    variables: NONE,
    preview: NONE,
    pool: NONE,
    started: NONE,
    studies: NONE,
    experience: NONE,
    chosen: null,
    detail: NONE,
    exported: NONE,
    tab: null,
    table: DEFAULT_TABLE
  };
}
