import { readFileSync, writeFileSync } from 'node:fs'

const readMb = (pid: number, field: 'VmRSS' | 'VmHWM'): number => {
  const kib = new RegExp(`${field}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kib) / 1024
}

/** Resident memory of a process with all its threads. Linux only. */
export const residentMb = (pid: number): number => readMb(pid, 'VmRSS')

/** The most that was resident since the program began; 0 when it has ended. Linux only. */
export const highestMb = (pid: number): number => {
  try {
    return readMb(pid, 'VmHWM') || 0
  } catch {
    return 0
  }
}

/** The most that was resident while `work` ran, in however short a moment. Linux only. */
export const peakMbDuring = async (pid: number, work: () => Promise<void>): Promise<number> => {
  // 5: sets the high-water mark back to what is resident now.
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
  await work()
  return readMb(pid, 'VmHWM')
}
