/**
 * Text in which the case of letters makes no difference: SQLite itself folds ASCII only. An accent is found whether it
 * was typed as part of its letter or after it, and so is a Greek sigma at the end of a word.
 */
export const toFolded = (text: string): string => text.normalize('NFC').toLowerCase().replaceAll('ς', 'σ')
