/** The table of trials. Only the rows in sight are in the page, so thousands scroll as smoothly as ten. */

import * as React from 'react';

import type { TrialRow } from '../protocol';
import type { Column, ITableView } from '../table';
import { scrollFor, sortedBy, windowOf } from '../table';
import type { Words } from './desk';
import { useWidth, useWords } from './desk';
import { Row, lookOf } from './TrialTableRow';

interface IProps {
  readonly rows: readonly TrialRow[];
  readonly view: ITableView;
  readonly best: number | null;
  readonly chosen: number | null;
  readonly metric: string;
  readonly onSort: (view: ITableView) => void;
  readonly onChoose: (number: number) => void;
}

function headOf(words: Words, column: Column, metric: string): string {
  const names: Readonly<Record<Column, string>> = {
    number: '#',
    state: words.__('state'),
    score: metric,
    fidelity: words.__('run'),
    seconds: words.__('time'),
    model: words.__('model and method'),
    memory: words.__('memory'),
    energy: words.__('energy')
  };
  return names[column];
}

export function TrialTable(props: IProps): JSX.Element {
  const words = useWords();
  const { rows, view, onSort, onChoose, metric } = props;
  const [element, width] = useWidth<HTMLDivElement>(320);
  const look = lookOf(width);
  const { columns, rowHeight } = look;
  const scroller = useScroller(rowHeight);
  const [active, setActive] = React.useState<number | null>(null);
  const focused = Math.max(
    0,
    rows.findIndex(row => row.number === (active ?? props.chosen))
  );
  const [first, last] = windowOf(scroller.top, scroller.height, rowHeight, rows.length);

  const onKeyDown = (event: React.KeyboardEvent): void => {
    const row = rows[focused];
    const next = rowAfter(event.key, focused, rows.length, Math.max(1, Math.floor(scroller.height / rowHeight) - 1));
    if ((event.key === 'Enter' || event.key === ' ') && row !== undefined) {
      onChoose(row.number);
    } else if (next !== null) {
      setActive(rows[next]?.number ?? null);
      scroller.reveal(next);
    } else {
      return;
    }
    event.preventDefault();
  };
  return (
    <div
      ref={element}
      className={`jp-XAutoLM-table jp-mod-${look.name}`}
      role="grid"
      aria-label={words.__('Trials')}
      aria-rowcount={rows.length + 1}
    >
      <div className="jp-XAutoLM-tableHead" role="row" aria-rowindex={1}>
        {columns.map(column => (
          <Head key={column} column={column} view={view} text={headOf(words, column, metric)} onSort={onSort} />
        ))}
      </div>
      {rows.length === 0 && <p className="jp-XAutoLM-hint">{words.__('No trial fits the filter.')}</p>}
      <div
        ref={scroller.element}
        className="jp-XAutoLM-scroll"
        role="presentation"
        onScroll={scroller.onScroll}
        onKeyDown={onKeyDown}
      >
        <div role="presentation" style={{ height: rows.length * rowHeight, position: 'relative' }}>
          {rows.slice(first, last).map((row, offset) => (
            <Row
              key={row.number}
              row={row}
              index={first + offset}
              top={(first + offset) * rowHeight}
              look={look}
              isBest={row.number === props.best}
              isChosen={row.number === props.chosen}
              isFocusable={first + offset === focused}
              isFocused={row.number === active}
              onChoose={onChoose}
              onFocus={setActive}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

interface IScroller {
  readonly element: React.RefObject<HTMLDivElement>;
  readonly top: number;
  readonly height: number;
  readonly onScroll: () => void;
  reveal(index: number): void;
}

const UNMEASURED = 400;

/** Where the list is scrolled to and how tall it is, read at most once a frame. */
function useScroller(rowHeight: number): IScroller {
  const element = React.useRef<HTMLDivElement>(null);
  const [place, setPlace] = React.useState({ top: 0, height: UNMEASURED });
  const frame = React.useRef(0);
  const read = React.useCallback(() => {
    cancelAnimationFrame(frame.current);
    frame.current = requestAnimationFrame(() => {
      const target = element.current;
      if (target !== null && target.clientHeight > 0) {
        setPlace({ top: target.scrollTop, height: target.clientHeight });
      }
    });
  }, []);
  React.useLayoutEffect(() => {
    const target = element.current;
    if (target === null || typeof ResizeObserver === 'undefined') {
      return undefined;
    }
    const observer = new ResizeObserver(read);
    observer.observe(target);
    return () => {
      observer.disconnect();
      cancelAnimationFrame(frame.current);
    };
  }, [read]);
  const reveal = (index: number): void => {
    const target = element.current;
    if (target !== null) {
      target.scrollTop = scrollFor(index, target.scrollTop, target.clientHeight || UNMEASURED, rowHeight);
      setPlace({ top: target.scrollTop, height: target.clientHeight || UNMEASURED });
    }
  };
  return { element, ...place, onScroll: read, reveal };
}

/** The row a key leads to; null for keys that are not ours. */
export function rowAfter(key: string, index: number, count: number, page: number): number | null {
  const steps: Readonly<Record<string, number>> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    PageDown: index + page,
    PageUp: index - page,
    Home: 0,
    End: count - 1
  };
  const next = Object.prototype.hasOwnProperty.call(steps, key) ? steps[key] : undefined;
  return next === undefined || count === 0 ? null : Math.min(count - 1, Math.max(0, next));
}

interface IHeadProps {
  readonly column: Column;
  readonly view: ITableView;
  readonly text: string;
  readonly onSort: (view: ITableView) => void;
}

function Head({ column, view, text, onSort }: IHeadProps): JSX.Element {
  const isSorted = view.sort === column;
  const order = view.descending ? 'descending' : 'ascending';
  return (
    <span className={`jp-XAutoLM-cell jp-mod-${column}`} role="columnheader" aria-sort={isSorted ? order : 'none'}>
      <button
        type="button"
        onClick={() => onSort(sortedBy(view, column))}
        aria-label={column === 'number' ? 'trial' : text}
      >
        {column === 'state' ? '' : text}
        <span aria-hidden="true">{isSorted ? (view.descending ? '▾' : '▴') : ''}</span>
      </button>
    </span>
  );
}
