/** Those that install plugins, each with a store of its own. */
export type InstallingThread = 'server' | 'worker'

/** A folder of its own on the disk of the store. Disposing removes it with all that is still in it. */
export interface Staging extends AsyncDisposable {
  path: string
}

/** A package that is complete and flushed to disk, but not in place yet. */
export interface SealedPackage {
  /** SHA-256 over the paths and contents of all files, as hex. */
  contentHash: string
  /** What it takes on the disk: all files, compressed copies and folders, each in whole blocks of 4 KB. */
  bytes: number
  path: string
}

export type PackageEncoding = 'br' | 'gzip'

/**
 * The files of plugins, by their content: users who install the same files share them, and different files under one
 * slug and version never touch each other.
 */
export interface PackageStore {
  stage(): Promise<Staging>
  /** Takes the folder `root`, which lies in the staging folder; adds compressed copies of what compresses well. */
  seal(staging: Staging, root: string, signal?: AbortSignal): Promise<SealedPackage>
  /** Moves it into place, unless its content is there. Call it in the transaction that stores the hash. */
  place(sealed: SealedPackage): void
  /** Takes away contents that `isUsed` denies. Call it in a transaction, so that nobody begins to use one meanwhile; the files are gone a little later. */
  collect(isUsed: (contentHash: string) => boolean): void
  /**
   * For the start of a thread: takes away what one before it left in staging and trash, and nothing of the other thread. The
   * files are gone a little later. False when nothing was staged: then no content can be in place without its row either.
   */
  dropStagings(): boolean
  /** For the start of the server, when no thread installs: removes what a crash left behind. */
  recover(isUsed: (contentHash: string) => boolean): void
  /** The folder of a content's files. */
  filesOf(contentHash: string): string
  /** The folder of its compressed copies, with the same paths in it; not every file has one. */
  compressedOf(contentHash: string, encoding: PackageEncoding): string
}
