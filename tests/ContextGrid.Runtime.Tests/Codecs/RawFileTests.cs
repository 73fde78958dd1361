using ContextGrid.Core.Model;
using ContextGrid.Runtime.Codecs;
using static ContextGrid.Runtime.Tests.Codecs.PaymentEvents;

namespace ContextGrid.Runtime.Tests.Codecs;

/// <summary>Bad lines from real systems: each is refused with a reason and a message.</summary>
public sealed class RawFileTests
{
    [Fact]
    public void Decode_RawBadLines_AreAllRefused()
    {
        string data = DataFiles.Folder;
        string[] files = Directory.Exists(data) ? Directory.GetFiles(data, "*.raw.*") : [];
        Assert.SkipWhen(
            files.Length == 0,
            $"SKIPPED: no *.raw.* files in {data}; CONTEXTGRID_PARTS names the folder that has data/.");

        EventRecord record = Record();
        JsonEventDecoder decoder = Decoder();
        foreach (byte[] line in files.SelectMany(file => Lines(File.ReadAllBytes(file))))
        {
            DecodeResult result = decoder.Decode(line, 0, line.Length, NowMs, record);

            Assert.False(result.Succeeded);
            Assert.NotEmpty(result.Reason);
            Assert.NotEmpty(result.Message);
        }
    }

    private static IEnumerable<byte[]> Lines(byte[] file)
    {
        for (int start = 0; start < file.Length;)
        {
            int end = Array.IndexOf(file, (byte)'\n', start);
            end = end < 0 ? file.Length : end;
            yield return file[start..end];
            start = end + 1;
        }
    }
}
