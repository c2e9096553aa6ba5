/** The frame that all charts share: axes, grid, a reading line, keys and a table of the same numbers. */

import * as React from 'react';

import { useWidth, useWords } from '../view/desk';
import type { IPoint } from './path';
import { nearest } from './path';
import type { Domain, IBox, Scale } from './scale';
import { clamp, linearScale, logScale } from './scale';

export interface IAxis {
  readonly domain: Domain;
  readonly log?: boolean;
  ticks(domain: Domain, count: number): readonly number[];
  format(value: number): string;
}

/** A point that can be read and chosen. */
export interface IReading {
  readonly number: number;
  readonly x: number;
  readonly y: number;
  readonly text: string;
}

export interface IKey {
  readonly mark: 'line' | 'dash' | 'dot' | 'ring' | 'faint';
  readonly text: string;
}

export interface ITable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export interface ILayout {
  readonly x: Scale;
  readonly y: Scale;
  readonly box: IBox;
}

interface IPlotProps {
  readonly title: string;
  /** The chart in a sentence. */
  readonly summary: string;
  readonly x: IAxis;
  readonly y: IAxis;
  readonly readings: readonly IReading[];
  readonly keys: readonly IKey[];
  readonly table: () => ITable;
  readonly onChoose: (number: number) => void;
  readonly children: (layout: ILayout) => React.ReactNode;
}

const CHARACTER = 6;
const MARGIN = { top: 8, right: 10, bottom: 18 };
const FAR = 40;

/** Where the axes lie in a chart of this width. */
export function layoutOf(width: number, x: IAxis, y: IAxis): ILayout & { readonly height: number } {
  const height = Math.round(clamp(0.5 * width, [130, 220]));
  const longest = Math.max(...y.ticks(y.domain, 4).map(tick => y.format(tick).length), 1);
  const box = {
    left: 8 + CHARACTER * longest,
    right: width - MARGIN.right,
    top: MARGIN.top,
    bottom: height - MARGIN.bottom
  };
  const scaleX = x.log === true ? logScale : linearScale;
  return { x: scaleX(x.domain, [box.left, box.right]), y: linearScale(y.domain, [box.bottom, box.top]), box, height };
}

export function Plot(props: IPlotProps): JSX.Element {
  const words = useWords();
  const [asTable, setAsTable] = React.useState(false);
  return (
    <section className="jp-XAutoLM-chart" aria-label={props.title}>
      <header className="jp-XAutoLM-chartHead">
        <h3>{props.title}</h3>
        <button
          type="button"
          className="jp-XAutoLM-link"
          aria-expanded={asTable}
          aria-label={words.__('%1 as a table', props.title)}
          onClick={() => setAsTable(!asTable)}
        >
          {asTable ? words.__('Chart') : words.__('Table')}
        </button>
      </header>
      {asTable ? <NumbersTable caption={props.summary} table={props.table()} /> : <Picture {...props} />}
    </section>
  );
}

function NumbersTable({ caption, table }: { caption: string; table: ITable }): JSX.Element {
  return (
    <div className="jp-XAutoLM-numbers" tabIndex={0} role="region" aria-label={caption}>
      <table>
        <caption>{caption}</caption>
        <thead>
          <tr>
            {table.head.map(name => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>
              {row.map((cell, column) => (
                <td key={column}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Picture({ title, summary, x, y, readings, keys, onChoose, children }: IPlotProps): JSX.Element {
  const words = useWords();
  const [holder, width] = useWidth<HTMLDivElement>(320);
  const [active, setActive] = React.useState(-1);
  const layout = layoutOf(width, x, y);
  const places: IPoint[] = readings.map(reading => ({
    x: layout.x(reading.x),
    y: layout.y(clamp(reading.y, y.domain))
  }));
  const reading = readings[active];
  const place = places[active];
  const find = (event: React.PointerEvent<SVGSVGElement>): number => {
    const { left, top } = event.currentTarget.getBoundingClientRect();
    const pointer = { x: event.clientX - left, y: event.clientY - top };
    const index = nearest(places, pointer);
    const found = places[index];
    return found !== undefined && Math.hypot(found.x - pointer.x, found.y - pointer.y) < FAR ? index : -1;
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const next = moved(event.key, active, readings.length);
    if (event.key === 'Enter' && reading !== undefined) {
      onChoose(reading.number);
    } else if (next === null) {
      return;
    } else {
      setActive(next);
    }
    event.preventDefault();
  };
  return (
    <>
      <div
        ref={holder}
        className="jp-XAutoLM-plot"
        role="group"
        tabIndex={0}
        aria-label={words.__('%1. Left and right arrows read the trials, Enter opens one.', title)}
        onKeyDown={onKeyDown}
        onBlur={() => setActive(-1)}
      >
        <svg
          role="img"
          aria-label={summary}
          width={width}
          height={layout.height}
          onPointerMove={event => setActive(find(event))}
          onPointerLeave={() => setActive(-1)}
          onClick={() => reading !== undefined && onChoose(reading.number)}
          className={reading === undefined ? undefined : 'jp-mod-choosable'}
        >
          <Axes layout={layout} x={x} y={y} />
          {children(layout)}
          {place !== undefined && <circle className="jp-XAutoLM-cursor" cx={place.x} cy={place.y} r={6} />}
        </svg>
      </div>
      <div className="jp-XAutoLM-reading" role="status">
        {reading === undefined ? <Keys keys={keys} /> : reading.text}
      </div>
    </>
  );
}

/** The reading an arrow key leads to; null for keys that are not ours. */
export function moved(key: string, active: number, count: number): number | null {
  if (count === 0) {
    return null;
  }
  switch (key) {
    case 'ArrowRight':
      return Math.min(count - 1, active + 1);
    case 'ArrowLeft':
      return active < 0 ? count - 1 : Math.max(0, active - 1);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    case 'Escape':
      return -1;
    default:
      return null;
  }
}

function Keys({ keys }: { keys: readonly IKey[] }): JSX.Element {
  return (
    <>
      {keys.map(key => (
        <span key={key.text} className="jp-XAutoLM-key">
          <span className={`jp-XAutoLM-swatch jp-mod-${key.mark}`} aria-hidden="true" />
          {key.text}
        </span>
      ))}
    </>
  );
}

function Axes({ layout, x, y }: { layout: ILayout; x: IAxis; y: IAxis }): JSX.Element {
  const { box } = layout;
  const columns = x.ticks(x.domain, Math.max(2, Math.floor((box.right - box.left) / 60)));
  const rows = y.ticks(y.domain, 4);
  return (
    <g className="jp-XAutoLM-axes">
      {rows.map(tick => (
        <g key={tick} transform={`translate(0 ${layout.y(tick)})`}>
          <line x1={box.left} x2={box.right} />
          <text x={box.left - 5} dy="0.32em" textAnchor="end">
            {y.format(tick)}
          </text>
        </g>
      ))}
      {columns.map(tick => (
        <text key={tick} x={layout.x(tick)} y={box.bottom + 14} textAnchor={anchor(layout.x(tick), box)}>
          {x.format(tick)}
        </text>
      ))}
    </g>
  );
}

/** Labels at the right edge end there rather than run out of the picture. */
function anchor(x: number, box: IBox): 'end' | 'middle' {
  return x > box.right - 14 ? 'end' : 'middle';
}
