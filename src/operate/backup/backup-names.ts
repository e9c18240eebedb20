/** Made by hand, by the server at its times, or before an upgrade of the schema. */
export type BackupKind = 'manual' | 'scheduled' | 'upgrade'

const namePattern =
  /^(?:(?<word>backup|scheduled)|(?<step>before-[\w.-]+))-(?<time>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z)$/

export interface BackupName {
  name: string
  kind: BackupKind
  /** What the name says without its time: the schema step, for those before an upgrade. */
  subject: string
  /** Milliseconds since the epoch. */
  madeAt: number
}

/** A time as file systems take it. */
export const toFileTime = (ms: number): string => new Date(ms).toISOString().replaceAll(':', '-')

const fromFileTime = (text: string): number => Date.parse(text.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:'))

/** What a folder's name says; undefined when it is no backup. */
export const parseBackupName = (name: string): BackupName | undefined => {
  const { word, step, time = '' } = namePattern.exec(name)?.groups ?? {}
  const subject = word ?? step
  if (subject === undefined) return undefined
  const kind = step === undefined ? (word === 'scheduled' ? 'scheduled' : 'manual') : 'upgrade'
  return { name, kind, subject, madeAt: fromFileTime(time) }
}

/** `before` is the schema step of an upgrade. */
export const newBackupName = (kind: BackupKind, madeAt: number, before = ''): string =>
  `${{ manual: 'backup', scheduled: 'scheduled', upgrade: `before-${before}` }[kind]}-${toFileTime(madeAt)}`
