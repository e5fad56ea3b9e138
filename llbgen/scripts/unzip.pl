# Unpacks the files of a zip archive whose names begin with a prefix, with the
# modules that Debian's smallest Perl has. Arguments: the archive, the prefix.
# The format: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
# The compressed bytes of a zip file are those of a gzip file, so all files
# become one stream for gzip, which is cut again by their sizes.
use strict;
use warnings;

my ($archive, $prefix) = @ARGV;
open my $zip, '<:raw', $archive or die "$archive: $!\n";
open my $stream, '>:raw', '/tmp/unzip.gz' or die "/tmp/unzip.gz: $!\n";
my ($header, @files);
while (read($zip, $header, 30) == 30 && substr($header, 0, 4) eq "PK\3\4") {
	my ($flags, $method, $crc, $packed, $size, $named, $extra) = unpack 'x6 v v x4 V V V v v', $header;
	read($zip, my $name, $named) == $named or die "$archive: it ends in a name\n";
	read($zip, my $skipped, $extra) == $extra or die "$archive: it ends in a header\n";
	die "$archive: $name is packed in an unknown way\n" if $flags & 9 || $method != 0 && $method != 8;
	read($zip, my $data, $packed) == $packed or die "$archive: it ends in $name\n";
	next if index($name, $prefix) != 0 || substr($name, -1) eq '/';
	die "$archive: $name is outside\n" if grep { $_ eq '..' } split m{/}, $name;
	if ($method == 0) { # gzip has no such method; a stored block of deflate is the same
		die "$archive: $name is too large\n" if $packed > 65535;
		$data = pack('C v v', 1, $packed, ~$packed & 0xffff) . $data;
	}
	print $stream "\x1f\x8b\x08\0\0\0\0\0\0\xff", $data, pack('V V', $crc, $size) or die "/tmp/unzip.gz: $!\n";
	push @files, [$name, $size];
}
close $stream or die "/tmp/unzip.gz: $!\n";
open my $plain, '-|:raw', 'gzip', '-dc', '/tmp/unzip.gz' or die "gzip: $!\n";
for my $file (@files) {
	my ($name, $size) = @$file;
	my $dir = '';
	$dir .= "$_/", -d $dir || mkdir $dir || die "$dir: $!\n" for (split m{/}, $name)[0 .. ($name =~ tr{/}{}) - 1];
	open my $out, '>:raw', $name or die "$name: $!\n";
	while ($size > 0) {
		my $n = read $plain, my $part, $size < 1 << 20 ? $size : 1 << 20;
		die "$name: gzip ended early\n" unless $n;
		print $out $part or die "$name: $!\n";
		$size -= $n;
	}
	close $out or die "$name: $!\n";
}
close $plain or die "gzip found the archive to be damaged\n";
unlink '/tmp/unzip.gz';
