// Colour and weight for terminals. Off unless a person reads the output; NO_COLOR and FORCE_COLOR decide otherwise.

import { styleText } from 'node:util'

type Format = Parameters<typeof styleText>[0]

export type Style = Readonly<Record<'strong' | 'quiet' | 'good' | 'warning' | 'bad', (text: string) => string>>

export function createStyle(isColoured: boolean): Style {
  const with_ = (format: Format) => (text: string) =>
    isColoured ? styleText(format, text, { validateStream: false }) : text
  return {
    strong: with_('bold'),
    quiet: with_('dim'),
    good: with_('green'),
    warning: with_('yellow'),
    bad: with_('red'),
  }
}

/** See no-color.org: any non-empty NO_COLOR wins over everything. */
export function isColoured(isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = env
  if (NO_COLOR !== undefined && NO_COLOR !== '') return false
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== '') return FORCE_COLOR !== '0'
  return isTty && TERM !== 'dumb'
}
