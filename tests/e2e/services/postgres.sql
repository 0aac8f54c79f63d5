-- What a PostgreSQL server opens by name: run by psql, which stops at the first error.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;

-- Extensions, and some of what each brings.
SELECT format('CREATE EXTENSION IF NOT EXISTS %I CASCADE', name) FROM pg_available_extensions \gexec
SELECT 1 / (count(*) > 40)::int FROM pg_extension;
DO $$ BEGIN
  ASSERT encode(digest('a', 'sha256'), 'hex') LIKE 'ca978112%';
  ASSERT pgp_sym_decrypt(pgp_sym_encrypt('secret', 'key'), 'key') = 'secret';
  ASSERT uuid_generate_v5(uuid_ns_dns(), 'a')::text LIKE '________-____-5%';
  ASSERT unaccent('Hôtel') = 'Hotel' AND similarity('word', 'words') > 0.5;
  ASSERT 'a=>1, b=>2'::hstore -> 'b' = '2' AND 'ÄB'::citext = 'äb';
  ASSERT 'Top.Science' @> 'Top.Science.Astronomy'::ltree AND soundex('Anne') = 'A500';
  ASSERT xslt_process('<a>1</a>', '<x:stylesheet version="1.0"
    xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:output method="text"/></x:stylesheet>') = '1';
  ASSERT (SELECT count(*) FROM crosstab('SELECT 1, 2, 3') AS t(a int, b int)) = 1;
END $$;

-- Full text: dictionaries, stop words, a thesaurus.
CREATE TEXT SEARCH DICTIONARY spelled (TEMPLATE = ispell, DictFile = ispell_sample,
  AffFile = ispell_sample, StopWords = english);
CREATE TEXT SEARCH DICTIONARY same (TEMPLATE = synonym, Synonyms = synonym_sample);
CREATE TEXT SEARCH DICTIONARY treasure (TEMPLATE = thesaurus, DictFile = thesaurus_sample,
  Dictionary = english_stem);
DO $$ BEGIN
  ASSERT to_tsvector('english', 'The houses are running') @@ to_tsquery('english', 'house & run');
  ASSERT to_tsvector('german', 'Die Häuser') = '''haus'':2'::tsvector;
  ASSERT to_tsvector('russian', 'дома') = to_tsvector('russian', 'дом');
  ASSERT ts_lexize('spelled', 'skies') = '{sky}' AND ts_lexize('same', 'postgres') = '{pgsql}';
  ASSERT ts_headline('a fat cat', to_tsquery('cats')) LIKE '%<b>cat</b>%';
END $$;

-- Collations of ICU, of the C library and of the server itself.
CREATE COLLATION loosely (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
CREATE TABLE words (word text);
INSERT INTO words VALUES ('Zebra'), ('äpfel'), ('Apfel'), ('öl'), ('zoo');
DO $$ BEGIN
  ASSERT (SELECT string_agg(word, ' ' ORDER BY word COLLATE "de-x-icu") FROM words)
    = 'Apfel äpfel öl Zebra zoo';
  ASSERT (SELECT string_agg(word, ' ' ORDER BY word COLLATE "sv-x-icu") FROM words)
    = 'Apfel Zebra zoo äpfel öl';
  ASSERT 'Apfel' = 'äpfel' COLLATE loosely AND upper('straße' COLLATE "und-x-icu") = 'STRASSE';
  ASSERT 'a' < 'b' COLLATE "C.utf8" AND upper('ä' COLLATE "C.utf8") = 'Ä';
  ASSERT normalize(U&'a\0308', NFC) = 'ä' AND 'Ärger' ~ '^[[:upper:]]';
END $$;

-- Encodings, of clients and of databases.
DO $$ DECLARE name text; BEGIN
  FOREACH name IN ARRAY '{BIG5,EUC_CN,EUC_JP,EUC_JIS_2004,EUC_TW,GB18030,GBK,ISO_8859_5,KOI8R,KOI8U,
    LATIN1,LATIN2,LATIN9,SHIFT_JIS_2004,SJIS,WIN866,WIN1250,WIN1251,WIN1252,WIN1258}'::text[] LOOP
    ASSERT convert_from(convert_to('a1', name), name) = 'a1';
  END LOOP;
  ASSERT convert_to('日本', 'SJIS') = '\x93fa967b' AND convert_to('ж', 'KOI8R') = '\xd6';
END $$;
CREATE DATABASE latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0;
CREATE DATABASE icu LOCALE_PROVIDER icu ICU_LOCALE 'de' TEMPLATE template0;

-- Time zones and their abbreviations.
DO $$ BEGIN
  ASSERT (SELECT count(*) FROM pg_timezone_names) > 400;
  ASSERT '2024-07-01 12:00 Europe/Berlin'::timestamptz = '2024-07-01 19:00 Asia/Tokyo'::timestamptz;
  ASSERT '2024-01-01 12:00 IST'::timestamptz = '2024-01-01 10:00Z'::timestamptz;
  SET timezone_abbreviations = 'India';
  ASSERT '2024-01-01 12:00 IST'::timestamptz = '2024-01-01 06:30Z'::timestamptz;
  SET timezone_abbreviations = 'Australia';
  SET TimeZone = 'Antarctica/Troll';
END $$;
RESET TimeZone;

-- Queries in several processes, compiled where that can be, and a program of the shell.
SET max_parallel_workers_per_gather = 2; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0; SET jit_above_cost = 0;
CREATE TABLE numbers AS SELECT n, md5(n::text) AS hash FROM generate_series(1, 50000) AS n;
ANALYZE numbers;
SELECT 1 / (sum(n) = 1250025000)::int FROM numbers;
SET jit_above_cost = -1;
CREATE INDEX ON numbers USING brin (n); CREATE INDEX ON numbers USING gin (hash gin_trgm_ops);
CREATE INDEX ON numbers USING gist (n); CREATE INDEX ON numbers USING bloom (n);
VACUUM (ANALYZE) numbers;
COPY (SELECT 'to a program') TO PROGRAM 'read line && test "$line" = "to a program"';

-- XML, JSON, regular expressions, large objects.
DO $$ BEGIN
  ASSERT (xpath('/a/b/text()', '<a><b>1</b></a>'))[1]::text = '1';
  ASSERT jsonb_path_query_first('{"a": [1, 2]}', '$.a[*] ? (@ > 1)') = '2';
  ASSERT regexp_replace('Grüße', '\w+', 'x') = 'x' AND lo_from_bytea(4711, '\x01') = 4711;
END $$;

-- Replication: what is written is decoded, and another server's changes can be asked for.
SELECT pg_create_logical_replication_slot('decoded', 'test_decoding'),
  pg_create_logical_replication_slot('published', 'pgoutput') \g /dev/null
CREATE PUBLICATION everything FOR ALL TABLES;
INSERT INTO words VALUES ('late');
SELECT 1 / (count(*) > 0)::int FROM pg_logical_slot_get_changes('decoded', NULL, NULL);
SELECT pg_drop_replication_slot('decoded') \g /dev/null
CREATE SUBSCRIPTION own CONNECTION :'connection' PUBLICATION everything
  WITH (slot_name = published, create_slot = false, enabled = false, copy_data = false);

-- Other servers; this one stands for them.
SELECT 1 / (n = 50000)::int FROM dblink(:'connection', 'SELECT max(n) FROM numbers') AS t(n int);
CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw
  OPTIONS (host '127.0.0.1', dbname 'app', sslmode 'require');
CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS (user 'admin', password :'password');
CREATE SCHEMA far; IMPORT FOREIGN SCHEMA public LIMIT TO (words) FROM SERVER other INTO far;
SELECT 1 / (count(*) = 6)::int FROM far.words;

-- Functions, triggers, notifications.
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_notify('told', NEW.word); RETURN NEW; END $$;
CREATE TRIGGER tell AFTER INSERT ON words FOR EACH ROW EXECUTE FUNCTION tell();
LISTEN told; INSERT INTO words VALUES ('more');
