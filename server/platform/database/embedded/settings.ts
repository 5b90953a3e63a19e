import { statfsSync } from 'node:fs'
import { totalmem } from 'node:os'

const GiB = 1024 ** 3

/** Passed on the command line, so that a new version of these reaches data made by an older one. */
export function serverSettings(port: number, clusterName: string): string[] {
  const settings: Record<string, string> = {
    port: String(port),
    cluster_name: clusterName,
    listen_addresses: '127.0.0.1',
    // A socket's path may have 107 bytes, and a home may be deeper than that.
    unix_socket_directories: '',
    password_encryption: 'scram-sha-256',
    max_connections: '100',
    shared_buffers: totalmem() < 2 * GiB ? '64MB' : '256MB',
    fsync: 'on',
    full_page_writes: 'on',
    min_wal_size: '128MB',
    max_wal_size: '2GB',
    wal_compression: 'on',
    checkpoint_completion_target: '0.9',
    dynamic_shared_memory_type: sharedMemoryType(),
    // Our queries are short: compiling one costs more than it saves.
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    log_checkpoints: 'off',
    // Statements and details carry people's data, and a log is not where that is kept.
    log_min_error_statement: 'fatal',
    log_error_verbosity: 'terse',
  }
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** Docker gives /dev/shm 64 MB, where one parallel hash join finds «No space left on device». */
function sharedMemoryType(): string {
  if (process.platform === 'win32') return 'windows'
  if (process.platform !== 'linux') return 'posix'
  try {
    const { blocks, bsize } = statfsSync('/dev/shm')
    return blocks * bsize < GiB / 4 ? 'mmap' : 'posix'
  } catch {
    return 'mmap'
  }
}
