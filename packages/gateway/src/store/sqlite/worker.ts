// Entry of the writer thread: opens the database, then answers calls in the order they arrive. Only a snapshot runs
// beside commits. Imports nothing but Node's own modules and this folder, to stay small.

import { parentPort, workerData } from 'node:worker_threads'
import type { FromWriter, ToWriter, WriterSetup } from './messages.ts'
import { toFaultData } from './messages.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { openDatabase } from './open-database.ts'
import { takeSnapshot } from './snapshots.ts'
import { toStoreFault } from './sqlite-error.ts'
import { storeFiles } from './store-files.ts'
import { Writer } from './writer.ts'

const port = parentPort
if (port === null) throw new Error('store/sqlite/worker runs as a worker thread only')
const setup = workerData as WriterSetup
const files = storeFiles(setup.stateDir)

const say = (message: FromWriter): void => port.postMessage(message)

function start(): void {
  const startedAt = performance.now()
  try {
    const { database, records, report } = openDatabase(files, {
      migrations: MIGRATIONS,
      startEmpty: setup.startEmpty,
      nowMs: Date.now(),
    })
    const writer = new Writer(database, files.database, setup.maxAuditEntries)
    // Leaves the log empty, which makes the file whole and keeps the next start short.
    if (report.wasUnclean) warnOnFailure('folding the log into the database', () => writer.checkpoint())
    port?.on('message', (message: ToWriter) => void answer(message, writer, database))
    say({ is: 'opened', report: { ...report, openMs: performance.now() - startedAt }, records })
  } catch (error) {
    say({ is: 'refused', fault: toFaultData(toStoreFault(error, 'opening the store')) })
    port?.close()
  }
}

type Database = Parameters<typeof takeSnapshot>[0]

async function answer(message: ToWriter, writer: Writer, database: Database): Promise<void> {
  const { id, call } = message
  try {
    switch (message.call) {
      case 'commit':
        writer.commit(message.ask)
        say({ is: 'answer', id, answer: undefined })
        if (writer.isLogLong) warnOnFailure('folding the log into the database', () => writer.checkpoint())
        return
      case 'audit':
        say({ is: 'answer', id, answer: writer.listAudit(message.ask) })
        return
      case 'snapshot':
        say({ is: 'answer', id, answer: await snapshot(writer, database) })
        return
      case 'close':
        writer.close()
        say({ is: 'answer', id, answer: undefined })
        port?.close()
        return
    }
  } catch (error) {
    say({ is: 'failure', id, fault: toFaultData(toStoreFault(error, `store ${call}`)) })
  }
}

/** What is committed while the copy is made may or may not be in it; it counts as of when it began. */
async function snapshot(writer: Writer, database: Database): Promise<{ takenAtMs: number }> {
  const place = { directory: files.snapshots, migrations: MIGRATIONS, keptCount: setup.keptSnapshots }
  const { takenAtMs } = await takeSnapshot(database, place, Date.now())
  warnOnFailure('folding the log into the database', () => writer.checkpoint())
  return { takenAtMs }
}

function warnOnFailure(doing: string, run: () => void): void {
  try {
    run()
  } catch (error) {
    say({ is: 'warning', fault: toFaultData(toStoreFault(error, doing)) })
  }
}

start()
