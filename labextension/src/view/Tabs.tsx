/** Four tabs, moved through with the arrow keys as everywhere. */

import * as React from 'react';

import type { Tab } from '../panelState';
import { useWords } from './desk';

interface IProps {
  readonly tab: Tab;
  readonly trials: number;
  readonly onChange: (tab: Tab) => void;
  readonly children: React.ReactNode;
}

const ORDER: readonly Tab[] = ['setup', 'run', 'trials', 'history'];

export function Tabs({ tab, trials, onChange, children }: IProps): JSX.Element {
  const words = useWords();
  const id = React.useId();
  const list = React.useRef<HTMLDivElement>(null);
  const names: Readonly<Record<Tab, string>> = {
    setup: words.__('New search'),
    run: words.__('Run'),
    trials: words.__('Trials'),
    history: words.__('History')
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const next = neighbour(event.key, tab);
    if (next !== null) {
      event.preventDefault();
      onChange(next);
      list.current?.querySelector<HTMLElement>(`[data-tab="${next}"]`)?.focus();
    }
  };
  return (
    <>
      <div ref={list} className="jp-XAutoLM-tabs" role="tablist" aria-label={words.__('Views')} onKeyDown={onKeyDown}>
        {ORDER.map(name => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            data-tab={name}
            aria-selected={name === tab}
            aria-controls={`${id}-page`}
            tabIndex={name === tab ? 0 : -1}
            onClick={() => onChange(name)}
          >
            {names[name]}
            {name === 'trials' && trials > 0 && <span className="jp-XAutoLM-count">{trials}</span>}
          </button>
        ))}
      </div>
      <div id={`${id}-page`} className="jp-XAutoLM-page" role="tabpanel" aria-labelledby={`${id}-${tab}`} key={tab}>
        {children}
      </div>
    </>
  );
}

/** The tab an arrow key leads to, round the corner; null for other keys. */
export function neighbour(key: string, tab: Tab): Tab | null {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
  if (step !== undefined) {
    return ORDER[(ORDER.indexOf(tab) + step + ORDER.length) % ORDER.length] ?? null;
  }
  return key === 'Home' ? 'setup' : key === 'End' ? 'history' : null;
}
