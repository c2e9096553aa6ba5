/** What a search would see of the data: splits, classes, lengths, some rows, and what is odd about it. */

import * as React from 'react';

import { Histogram } from '../charts/Histogram';
import { formatCount, formatPercent } from '../format';
import type { Preview } from '../protocol';
import { Note } from './controls';
import { useWords } from './desk';

const CLASSES_SHOWN = 6;

export const PreviewView = React.memo(function PreviewView({ preview }: { preview: Preview }): JSX.Element {
  const words = useWords();
  const splits = Object.entries(preview.splits).map(([name, rows]) => `${name} ${formatCount(rows)}`);
  return (
    <div className="jp-XAutoLM-preview">
      <p className="jp-XAutoLM-facts">
        <span>{words._n('%1 row', '%1 rows', preview.rows)}</span>
        {splits.length > 1 && splits.map(split => <span key={split}>{split}</span>)}
      </p>
      {preview.warnings.map(warning => (
        <Note key={warning} look="warning" message={warning} />
      ))}
      {preview.classes.length > 0 && <Classes preview={preview} />}
      <Histogram lengths={preview.lengths} />
      {preview.samples.length > 0 && <Samples samples={preview.samples} />}
    </div>
  );
});

function Classes({ preview }: { preview: Preview }): JSX.Element {
  const words = useWords();
  const [all, setAll] = React.useState(false);
  const { classes, class_total, rows } = preview;
  const most = classes[0]?.count ?? 1;
  const shown = all ? classes : classes.slice(0, CLASSES_SHOWN);
  const hidden = class_total - shown.length;
  return (
    <figure className="jp-XAutoLM-classes">
      <figcaption>{words._n('%1 class', '%1 classes', class_total)}</figcaption>
      <ul>
        {shown.map(({ label, count }) => (
          <li key={label} title={`${label}: ${count}`}>
            <span
              className="jp-XAutoLM-share"
              aria-hidden="true"
              style={{ width: `${(100 * count) / Math.max(most, 1)}%` }}
            />
            <span className="jp-XAutoLM-cut">{label}</span>
            <span>{formatCount(count)}</span>
            <span className="jp-XAutoLM-muted">{formatPercent(count / Math.max(rows, 1))}</span>
          </li>
        ))}
      </ul>
      {classes.length > CLASSES_SHOWN && (
        <button type="button" className="jp-XAutoLM-link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? words.__('Fewer') : words.__('%1 more', hidden)}
        </button>
      )}
      {all && hidden > 0 && <p className="jp-XAutoLM-hint">{words.__('and %1 rarer ones', hidden)}</p>}
    </figure>
  );
}

function Samples({ samples }: { samples: Preview['samples'] }): JSX.Element {
  const words = useWords();
  return (
    <details className="jp-XAutoLM-samples">
      <summary>{words._n('%1 sample row', '%1 sample rows', samples.length)}</summary>
      <ol>
        {samples.map((texts, index) => (
          <li key={index}>
            {texts.map((text, column) => (
              <p key={column}>{text}</p>
            ))}
          </li>
        ))}
      </ol>
    </details>
  );
}
