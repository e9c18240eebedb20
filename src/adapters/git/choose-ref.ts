import { spellVersion } from '../../shared/spell-version.ts'
import { compareVersions } from '../../shared/version-compare.ts'
import type { Pause } from './pause.ts'
import { findHead, type RefList } from './ref-list.ts'
import { GitError } from './types.ts'

/** A ref to fetch. */
export interface ChosenRef {
  /** As the server names it, for example `refs/tags/v1.0.0`. */
  fullName: string
  /** For people. */
  name: string
}

const TAGS = 'refs/tags/'
const BRANCHES = 'refs/heads/'
const VERSION = /^v?\d{1,9}(\.\d{1,9}){0,3}$/i

/**
 * Picks what a version means. `latest` is the highest tag that looks like a version (`1.2`, `v1.2.3`; pre-releases do not),
 * else the default branch. Anything else is a tag as written, the tag with the `v` added or removed, or a branch.
 * Throws `GitError`, or the signal's reason.
 */
export const chooseRef = async (version: string, list: RefList, pause: Pause): Promise<ChosenRef> => {
  const { refs } = list
  const wanted = version.trim()
  if (wanted === 'latest') return (await latestTag(refs, pause)) ?? defaultBranch(list)
  const candidates = [...spellVersion(wanted).map((tag) => `${TAGS}${tag}`), `${BRANCHES}${wanted}`]
  const fullName = candidates.find((name) => refs.has(name))
  if (fullName !== undefined) return toChosen(fullName)
  throw new GitError('no_such_version', 'The repository has neither a tag nor a branch of this name.')
}

const latestTag = async (refs: RefList['refs'], pause: Pause): Promise<ChosenRef | undefined> => {
  let latest: string | undefined
  for (const fullName of refs.keys()) {
    await pause()
    const tag = fullName.startsWith(TAGS) ? fullName.slice(TAGS.length) : ''
    if (VERSION.test(tag) && (latest === undefined || compareVersions(tag, latest) > 0)) latest = tag
  }
  return latest === undefined ? undefined : toChosen(TAGS + latest)
}

const defaultBranch = (list: RefList): ChosenRef => {
  const candidates = [findHead(list), `${BRANCHES}main`, `${BRANCHES}master`]
  const fullName = candidates.find((name) => name !== undefined && list.refs.has(name))
  if (fullName !== undefined) return toChosen(fullName)
  throw new GitError('no_such_version', 'The repository has no default branch. Name a tag or a branch.')
}

const toChosen = (fullName: string): ChosenRef => ({
  fullName,
  name: fullName.replace(/^refs\/(?:tags|heads)\//, ''),
})
