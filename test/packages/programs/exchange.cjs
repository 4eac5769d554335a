// Writes and reads one record with each codec, and tells what it saw as one line of JSON.

/** `client` is the package, however it was loaded. */
exports.exchange = async function exchange(client, bootstrap, topic) {
  const { Admin, ClientError, Consumer, isClientError, Producer } = client;
  const servers = { 'bootstrap.servers': bootstrap };
  const admin = new Admin(servers);
  await admin.createTopics([{ name: topic, numPartitions: 1 }]);
  await admin.close();

  const codecs = ['none', 'gzip', 'snappy', 'lz4'];
  for (const codec of codecs) {
    const producer = new Producer({ ...servers, 'compression.type': codec });
    await producer.send({ topic, key: codec, value: codec.repeat(100) });
    await producer.close();
  }

  const consumer = new Consumer({ ...servers, 'auto.offset.reset': 'earliest' });
  await consumer.assign([{ topic, partition: 0 }]);
  const read = [];
  for await (const { key, value, offset } of consumer) {
    read.push({ key: String(key), bytes: value.length, offset: `${offset} ${typeof offset}` });
    if (read.length === codecs.length) break;
  }
  await consumer.close();

  const faults = [];
  try {
    faults.push(new Producer({ ...servers, 'linger.msec': 5 }));
  } catch (error) {
    faults.push({ isOurs: error instanceof ClientError, isClientError: isClientError(error), code: error.code });
  }
  try {
    faults.push(await new Producer({ ...servers, 'compression.type': 'zstd' }).close());
  } catch (error) {
    faults.push({ isOurs: error instanceof ClientError, code: error.code, text: error.message });
  }
  console.log(JSON.stringify({ read, faults }));
};
