import { isAbsolute } from 'node:path'

export interface UnitOptions {
  /** Executable and what comes before the name of the command, all absolute. */
  command: string[]
  /** Absolute. */
  dataDir: string
  /** Account that runs the server; undefined lets systemd make one up. */
  user?: string | undefined
  /** As systemd writes sizes, e.g. `2G` or `75%`. */
  maxMemory: string
  /** For the unit's environment. Values must not be secret: everybody may read units. */
  environment: Record<string, string>
  port: number
}

const stateRoot = '/var/lib/'

/** A word of `ExecStart=` or `Environment=`: quoted, with what systemd would put in or take apart made plain. */
const quote = (word: string, isCommand = false): string => {
  const plain = word.replaceAll(/["\\]/g, String.raw`\$&`).replaceAll('%', '%%')
  const safe = isCommand ? plain.replaceAll('$', '$$$$') : plain
  return /^[\w./:=@%+,-]+$/.test(safe) ? safe : `"${safe}"`
}

/** Below /var/lib systemd makes the folder and gives it to the account, also to one that it has made up. */
const folderLines = (dataDir: string): string[] => {
  const name = dataDir.startsWith(stateRoot) ? dataDir.slice(stateRoot.length) : undefined
  return name && /^[\w.-]+(\/[\w.-]+)*$/.test(name)
    ? [`StateDirectory=${name}`, 'StateDirectoryMode=0700']
    : [`ReadWritePaths=${quote(dataDir)}`]
}

const accountLine = (user: string | undefined): string => (user === undefined ? 'DynamicUser=yes' : `User=${user}`)

/** In a set of accounts of its own the server would not have the right to ports of the machine. */
const privilegeLines = (port: number): string[] =>
  port > 0 && port < 1024
    ? ['CapabilityBoundingSet=CAP_NET_BIND_SERVICE', 'AmbientCapabilities=CAP_NET_BIND_SERVICE']
    : ['CapabilityBoundingSet=', 'AmbientCapabilities=', 'PrivateUsers=yes']

/** What is wrong with the options, for the person at the terminal. */
export const findUnitFault = ({ command, dataDir, user, maxMemory, environment }: UnitOptions): string | undefined => {
  const words = [...command, dataDir, ...Object.values(environment)]
  if (words.some((word) => /\p{C}/u.test(word))) return 'Values with control characters cannot be written into a unit'
  if (!/^(?:\d+[KMGT]?|\d{1,3}%|infinity)$/.test(maxMemory))
    return `"${maxMemory}" is no amount of memory such as 2G or 75%`
  if (!isAbsolute(dataDir)) return 'The data folder must be an absolute path'
  if (user !== undefined && !/^[a-z_][a-z0-9_-]{0,30}$/i.test(user)) return `"${user}" is not the name of an account`
  if (user === 'root') return 'The server needs no rights of root: name another account'
  if (user === undefined && folderLines(dataDir)[0]?.startsWith('ReadWritePaths'))
    return `An account that systemd makes up cannot own ${dataDir}: put the data below ${stateRoot}, or name an account with --user`
  return undefined
}

/**
 * A unit that starts the server with as little as it needs: nothing but its data folder can be written, no device, no
 * other process and no home is seen. `MemoryDenyWriteExecute` is missing on purpose: the JavaScript engine compiles, and
 * would be ten times slower or not start.
 */
export const renderUnit = (options: UnitOptions): string => {
  const { command, dataDir, user, maxMemory, environment, port } = options
  const variables = Object.entries({ DATA_DIR: dataDir, LOG_FORMAT: 'json', ...environment })
  return `[Unit]
Description=BrainDrive Server
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
NotifyAccess=main
ExecStart=${[...command, 'serve'].map((word) => quote(word, true)).join(' ')}
${variables.map(([name, value]) => `Environment=${quote(`${name}=${value}`)}`).join('\n')}
# Further settings and secrets, one NAME=value a line; only root needs to read it (mode 0600).
EnvironmentFile=-/etc/braindrive.env

# 2 and 3 are wrong usage and wrong configuration: trying again changes nothing.
Restart=on-failure
RestartPreventExitStatus=2 3
RestartSec=2
# A migration of a large database takes its time.
TimeoutStartSec=30min
TimeoutStopSec=20
WatchdogSec=60

${[accountLine(user), ...folderLines(dataDir), ...privilegeLines(port)].join('\n')}
UMask=0077
MemoryMax=${maxMemory}
TasksMax=512
LimitNOFILE=65536

NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateIPC=yes
PrivateMounts=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
# AF_UNIX for the watchdog, AF_NETLINK for looking up names.
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# Readers of documents give way to requests.
SystemCallFilter=setpriority
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`
}
