using System.Runtime.InteropServices;
using System.Text;
using ContextGrid.Adapters.Kafka;

namespace ContextGrid.Adapters.Tests.Kafka;

/// <summary>librdkafka's mock cluster: the real protocol, in this process.</summary>
internal sealed class MockCluster : IDisposable
{
    private const string Library = "centos8-librdkafka"; // Of the package's builds the one that needs no Kerberos.
    private const int Producer = 0;

    private readonly IntPtr _client;
    private readonly IntPtr _cluster;

    internal MockCluster(int brokers)
    {
        _client = rd_kafka_new(Producer, IntPtr.Zero, new byte[512], 512);
        _cluster = rd_kafka_mock_cluster_new(_client, brokers);
        BootstrapServers = Marshal.PtrToStringUTF8(rd_kafka_mock_cluster_bootstraps(_cluster)) ?? "";
    }

    /// <summary>Where clients begin.</summary>
    internal string BootstrapServers { get; }

    /// <summary>Makes a topic.</summary>
    internal void CreateTopic(string topic, int partitions) => Assert.Equal(
        0, rd_kafka_mock_topic_create(_cluster, Encoding.UTF8.GetBytes(topic + '\0'), partitions, 1));

    /// <summary>Moves a partition to another broker.</summary>
    internal void MoveLeader(string topic, int partition, int broker) => Assert.Equal(
        0, rd_kafka_mock_partition_set_leader(_cluster, Encoding.UTF8.GetBytes(topic + '\0'), partition, broker));

    /// <summary>Makes a broker unreachable, or reachable again.</summary>
    internal void SetUp(int broker, bool isUp) => Assert.Equal(
        0, isUp ? rd_kafka_mock_broker_set_up(_cluster, broker) : rd_kafka_mock_broker_set_down(_cluster, broker));

    public void Dispose()
    {
        rd_kafka_mock_cluster_destroy(_cluster);
        rd_kafka_destroy(_client);
    }

#pragma warning disable SYSLIB1054, IDE1006, SA1300 // The names are the library's.
    [DllImport(Library)]
    private static extern IntPtr rd_kafka_new(int type, IntPtr config, byte[] error, nuint errorBytes);

    [DllImport(Library)]
    private static extern void rd_kafka_destroy(IntPtr client);

    [DllImport(Library)]
    private static extern IntPtr rd_kafka_mock_cluster_new(IntPtr client, int brokers);

    [DllImport(Library)]
    private static extern void rd_kafka_mock_cluster_destroy(IntPtr cluster);

    [DllImport(Library)]
    private static extern IntPtr rd_kafka_mock_cluster_bootstraps(IntPtr cluster);

    [DllImport(Library)]
    private static extern int rd_kafka_mock_topic_create(IntPtr cluster, byte[] topic, int partitions, int replicas);

    [DllImport(Library)]
    private static extern int rd_kafka_mock_partition_set_leader(
        IntPtr cluster, byte[] topic, int partition, int broker);

    [DllImport(Library)]
    private static extern int rd_kafka_mock_broker_set_up(IntPtr cluster, int broker);

    [DllImport(Library)]
    private static extern int rd_kafka_mock_broker_set_down(IntPtr cluster, int broker);
#pragma warning restore SYSLIB1054, IDE1006, SA1300
}
