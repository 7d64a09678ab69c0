// Why a backup cannot be made or put back, apart from what the file system says.

export type BackupFaultCode =
  /** The archive is damaged, cut off, or none of ours. Nothing was touched. */
  | 'BACKUP_UNUSABLE'
  /** The store that was to be backed up is damaged. Nothing was written. */
  | 'BACKUP_STORE_DAMAGED'

export class BackupFault extends Error {
  override readonly name = 'BackupFault'
  readonly code: BackupFaultCode

  constructor(code: BackupFaultCode, message: string, options: { readonly cause?: unknown } = {}) {
    super(message, options)
    this.code = code
  }
}

export const unusable = (message: string, cause?: unknown): BackupFault =>
  new BackupFault('BACKUP_UNUSABLE', message, cause === undefined ? {} : { cause })
