using System.Buffers;
using ContextGrid.Contracts.V1;
using ContextGrid.Server.Grpc;
using ContextGrid.Server.Services;
using Google.Protobuf;

namespace ContextGrid.Server.Tests.Services;

public sealed class PublishBatchTests
{
    private readonly PublishBatch _batch = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Fill_RandomRequests_ReadsWhatTheGeneratedParserReads(int seed)
    {
        var random = new Random(seed);
        for (int round = 0; round < 200; round++)
        {
            var request = new PublishRequest { Topic = random.Next(3) == 0 ? "" : "täglich" };
            request.Invalid = random.Next(2) == 0 ? InvalidEvents.Refuse : InvalidEvents.DeadLetter;
            for (int i = random.Next(5); i > 0; i--)
            {
                request.Events.Add(new PublishEvent
                {
                    Payload = Some(random, 300),
                    Key = Some(random, 3),
                    TimestampMs = random.NextInt64(-2, 1L << random.Next(1, 63)),
                });
            }

            _batch.Fill(new ReadOnlySequence<byte>(request.ToByteArray()));
            AssertSame(request);
            _batch.Release();
        }
    }

    [Fact]
    public void Fill_FieldsThatTheMessageDoesNotHave_AreLeftOut()
    {
        var request = new PublishRequest { Topic = "ticks" };
        request.Events.Add(new PublishEvent { Payload = ByteString.CopyFromUtf8("{}") });
        byte[] fixed64AndText = [0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x82, 0x01, 2, 65, 66];
        _batch.Fill(new ReadOnlySequence<byte>([.. fixed64AndText, .. request.ToByteArray(), .. fixed64AndText]));
        AssertSame(request);
    }

    [Fact]
    public void Fill_CutAnywhere_ReadsWhatTheGeneratedParserReadsOrRefuses()
    {
        var request = new PublishRequest { Topic = "ticks", Invalid = InvalidEvents.DeadLetter };
        request.Events.Add(new PublishEvent { Payload = ByteString.CopyFromUtf8("{}"), TimestampMs = 7_000_000 });
        byte[] whole = request.ToByteArray();
        for (int length = 0; length < whole.Length; length++)
        {
            _batch.Release();
            byte[] cut = whole[..length];
            PublishRequest? expected = null;
            try
            {
                expected = PublishRequest.Parser.ParseFrom(cut);
            }
            catch (InvalidProtocolBufferException)
            {
                Assert.Throws<GrpcException>(() => _batch.Fill(new ReadOnlySequence<byte>(cut)));
                continue;
            }

            _batch.Fill(new ReadOnlySequence<byte>(cut));
            AssertSame(expected);
        }
    }

    private void AssertSame(PublishRequest request)
    {
        Assert.Equal(request.Topic, _batch.Topic);
        Assert.Equal(request.Invalid, _batch.Invalid);
        Assert.Equal(
            request.Events.Select(e => (e.Payload.ToBase64(), e.Key.ToBase64(), e.TimestampMs)),
            _batch.Items.Select(i => (
                Convert.ToBase64String(i.Payload.Span), Convert.ToBase64String(i.Key.Span), i.TimestampMs)));
    }

    private static ByteString Some(Random random, int bytesMax)
    {
        byte[] bytes = new byte[random.Next(bytesMax)];
        random.NextBytes(bytes);
        return ByteString.CopyFrom(bytes);
    }
}
