/** Loaded into every measured process before its own code: it does not outlive the benchmark, however that ends. */
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
