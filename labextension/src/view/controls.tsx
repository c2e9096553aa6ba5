/** The few controls the panel is made of: native elements with text, so that keyboards and screen readers just work. */

import * as React from 'react';

import type { IProblem } from '../remote';

interface IButtonProps {
  readonly children: React.ReactNode;
  readonly onClick: () => void;
  readonly look?: 'main' | 'quiet' | 'danger';
  readonly disabled?: boolean;
  readonly label?: string;
  readonly title?: string;
  readonly icon?: JSX.Element;
}

export function Button({ children, onClick, look, disabled, label, title, icon }: IButtonProps): JSX.Element {
  return (
    <button
      type="button"
      className={`jp-XAutoLM-button${look === undefined ? '' : ` jp-mod-${look}`}`}
      onClick={onClick}
      disabled={disabled}
      aria-label={label}
      title={title ?? label}
    >
      {icon}
      {children}
    </button>
  );
}

interface IIconButtonProps {
  readonly icon: JSX.Element;
  readonly label: string;
  readonly onClick: () => void;
  /** Not now; unlike a disabled button it keeps the keyboard's focus. */
  readonly waits?: boolean;
}

export function IconButton({ icon, label, onClick, waits = false }: IIconButtonProps): JSX.Element {
  return (
    <button
      type="button"
      className="jp-XAutoLM-iconButton"
      onClick={() => !waits && onClick()}
      aria-disabled={waits}
      aria-label={label}
      title={label}
    >
      {icon}
    </button>
  );
}

interface IFieldProps {
  readonly label: string;
  readonly hint?: string | undefined;
  readonly wrong?: boolean;
  readonly aside?: React.ReactNode;
  readonly children: (ids: { readonly id: string; readonly 'aria-describedby'?: string }) => JSX.Element;
}

/** A label above its control, with a hint below. */
export function Field({ label, hint, wrong, aside, children }: IFieldProps): JSX.Element {
  const id = React.useId();
  return (
    <div className={`jp-XAutoLM-field${wrong === true ? ' jp-mod-wrong' : ''}`}>
      <div className="jp-XAutoLM-fieldHead">
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      {children(hint === undefined ? { id } : { id, 'aria-describedby': `${id}-hint` })}
      {hint !== undefined && (
        <div id={`${id}-hint`} className="jp-XAutoLM-hint">
          {hint}
        </div>
      )}
    </div>
  );
}

export interface IOption {
  readonly value: string;
  readonly text: string;
}

interface ISelectProps {
  readonly id?: string;
  readonly label?: string;
  readonly value: string;
  readonly options: readonly IOption[];
  readonly onChange: (value: string) => void;
}

export function Select({ id, label, value, options, onChange, ...rest }: ISelectProps): JSX.Element {
  return (
    <span className="jp-XAutoLM-select">
      <select {...rest} id={id} aria-label={label} value={value} onChange={event => onChange(event.target.value)}>
        {options.map(option => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </span>
  );
}

interface ITextProps {
  readonly id?: string;
  readonly label?: string;
  readonly value: string;
  readonly placeholder?: string;
  readonly wrong?: boolean;
  readonly onChange: (value: string) => void;
  /** Enter was pressed, or the focus moved on. */
  readonly onDone?: () => void;
}

export function Text({ id, label, value, placeholder, wrong, onChange, onDone, ...rest }: ITextProps): JSX.Element {
  return (
    <input
      {...rest}
      type="text"
      id={id}
      className="jp-XAutoLM-text"
      aria-label={label}
      aria-invalid={wrong === true}
      value={value}
      placeholder={placeholder}
      spellCheck={false}
      onChange={event => onChange(event.target.value)}
      onBlur={onDone}
      onKeyDown={event => event.key === 'Enter' && onDone?.()}
    />
  );
}

interface IChoiceProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly IOption[];
  readonly onChange: (value: string) => void;
}

/** One of a few, side by side. */
export function Choice({ label, value, options, onChange }: IChoiceProps): JSX.Element {
  const name = React.useId();
  return (
    <div className="jp-XAutoLM-choice" role="radiogroup" aria-label={label}>
      {options.map(option => (
        <label key={option.value} className={option.value === value ? 'jp-mod-chosen' : undefined}>
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>{option.text}</span>
        </label>
      ))}
    </div>
  );
}

interface ICheckProps {
  readonly checked: boolean;
  readonly disabled?: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly children: React.ReactNode;
}

export function Check({ checked, disabled, onChange, children }: ICheckProps): JSX.Element {
  return (
    <label className="jp-XAutoLM-check">
      <input type="checkbox" checked={checked} disabled={disabled} onChange={event => onChange(event.target.checked)} />
      <span>{children}</span>
    </label>
  );
}

interface IMeterProps {
  readonly label: string;
  /** In [0, 1]. */
  readonly share: number;
  readonly text: string;
  readonly look?: 'main' | 'calm' | 'full';
}

export function Meter({ label, share, text, look }: IMeterProps): JSX.Element {
  const percent = Math.round(1000 * Math.min(1, Math.max(0, share))) / 10;
  return (
    <div
      className={`jp-XAutoLM-meter${look === undefined ? '' : ` jp-mod-${look}`}`}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
      aria-valuetext={text}
    >
      <div style={{ width: `${percent}%` }} />
    </div>
  );
}

interface INoteProps {
  readonly look: 'error' | 'warning' | 'info';
  readonly message: string;
  readonly hint?: string;
  readonly children?: React.ReactNode;
}

/** Something to know, with what to do about it. */
export function Note({ look, message, hint, children }: INoteProps): JSX.Element {
  return (
    <div className={`jp-XAutoLM-note jp-mod-${look}`} role={look === 'error' ? 'alert' : 'status'}>
      <div>{message}</div>
      {hint !== undefined && hint !== '' && <div className="jp-XAutoLM-hint">{hint}</div>}
      {children}
    </div>
  );
}

export function ProblemNote({ problem, children }: { problem: IProblem; children?: React.ReactNode }): JSX.Element {
  return (
    <Note look="error" message={problem.message} hint={problem.hint}>
      {children}
    </Note>
  );
}

interface ISectionProps {
  readonly title: string;
  readonly aside?: React.ReactNode;
  readonly children: React.ReactNode;
}

export function Section({ title, aside, children }: ISectionProps): JSX.Element {
  const id = React.useId();
  return (
    <section className="jp-XAutoLM-section" aria-labelledby={id}>
      <header>
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  );
}

interface IEmptyProps {
  readonly title: string;
  readonly text: string;
  readonly busy?: boolean;
  readonly children?: React.ReactNode;
}

/** Nothing to show yet: says why, and offers what to do. */
export function Empty({ title, text, busy, children }: IEmptyProps): JSX.Element {
  return (
    <div className="jp-XAutoLM-empty" role={busy === true ? 'status' : undefined} aria-busy={busy}>
      <h2>{title}</h2>
      <p>{text}</p>
      {children !== undefined && <div className="jp-XAutoLM-actions">{children}</div>}
    </div>
  );
}
