/** A row of the trial table: one line, or two where the table is narrow. */

import * as React from 'react';

import { UNKNOWN, formatEnergy, formatGib, formatPercent, formatScore, shortModel, shortSeconds } from '../format';
import type { TrialRow } from '../protocol';
import type { Column } from '../table';
import type { Words } from './desk';
import { useWords } from './desk';
import { TrialStateIcon } from './icons';
import { failureText, trialStateText } from './states';

export interface ILook {
  readonly name: 'narrow' | 'wide' | 'widest';
  readonly columns: readonly Column[];
  readonly rowHeight: number;
}

/** A narrow table has a second line in each row for the model; wider ones have columns for it and more. */
const NARROW: ILook = { name: 'narrow', columns: ['number', 'state', 'score', 'fidelity', 'seconds'], rowHeight: 42 };
const WIDE: ILook = { name: 'wide', columns: [...NARROW.columns, 'model'], rowHeight: 26 };
const WIDEST: ILook = { name: 'widest', columns: [...NARROW.columns, 'memory', 'energy', 'model'], rowHeight: 26 };

export function lookOf(width: number): ILook {
  return width < 480 ? NARROW : width < 640 ? WIDE : WIDEST;
}

interface IRowProps {
  readonly row: TrialRow;
  readonly index: number;
  readonly top: number;
  readonly look: ILook;
  readonly isBest: boolean;
  readonly isChosen: boolean;
  readonly isFocusable: boolean;
  readonly isFocused: boolean;
  readonly onChoose: (number: number) => void;
  readonly onFocus: (number: number) => void;
}

export const Row = React.memo(function Row(props: IRowProps): JSX.Element {
  const words = useWords();
  const { row, look, isFocused } = props;
  const element = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (isFocused) {
      element.current?.focus({ preventScroll: true });
    }
  }, [isFocused]);
  return (
    <div
      ref={element}
      className={`jp-XAutoLM-tableRow${props.isBest ? ' jp-mod-best' : ''}`}
      role="row"
      aria-rowindex={props.index + 2}
      aria-selected={props.isChosen}
      tabIndex={props.isFocusable ? 0 : -1}
      style={{ top: props.top, height: look.rowHeight }}
      onClick={() => props.onChoose(row.number)}
      onFocus={() => props.onFocus(row.number)}
    >
      {look.columns.map(column => (
        <span key={column} className={`jp-XAutoLM-cell jp-mod-${column}`} role="gridcell">
          <Cell words={words} column={column} row={row} isBest={props.isBest} />
        </span>
      ))}
      {look === NARROW && (
        <span className="jp-XAutoLM-cell jp-mod-below" role="gridcell">
          <What row={row} />
        </span>
      )}
    </div>
  );
});

interface ICellProps {
  readonly words: Words;
  readonly column: Column;
  readonly row: TrialRow;
  readonly isBest: boolean;
}

function Cell({ words, column, row, isBest }: ICellProps): JSX.Element {
  switch (column) {
    case 'number':
      return <>{row.number}</>;
    case 'state':
      return (
        <span title={trialStateText(words, row.state)}>
          <TrialStateIcon state={row.state} />
          <span className="jp-XAutoLM-unseen">{trialStateText(words, row.state)}</span>
        </span>
      );
    case 'score':
      return (
        <>
          {isBest && <span aria-label={words.__('best')}>★ </span>}
          {formatScore(row.score)}
        </>
      );
    case 'fidelity':
      return <>{formatPercent(row.fidelity)}</>;
    case 'seconds':
      return <>{row.seconds > 0 ? shortSeconds(row.seconds) : UNKNOWN}</>;
    case 'memory':
      return <>{formatGib(row.peak_memory_gib)}</>;
    case 'energy':
      return <>{formatEnergy(row.energy_kwh)}</>;
    case 'model':
      return <What row={row} />;
  }
}

/** Model and method; of a failed trial, why it failed. */
function What({ row }: { row: TrialRow }): JSX.Element {
  if (row.failure !== null && row.state === 'failed') {
    const { kind, message } = row.failure;
    return (
      <span className="jp-XAutoLM-failure" title={`${row.model} · ${row.method}\n${message}`}>
        {failureText(kind)}: {message}
      </span>
    );
  }
  return (
    <span title={`${row.model} · ${row.method}`}>
      {shortModel(row.model)} · {row.method}
    </span>
  );
}
