/* sheet: asks a CSV file questions in SQL.
 *
 * The first line names the columns of a table called "sheet"; all of it is in memory.
 */
#include <errno.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_COLUMNS = 256 };

struct record {
    char *text;                      /* the fields, one after the other, each ended by 0 */
    size_t used, size;
    size_t starts[MOST_COLUMNS];
    int count;
};

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "sheet: %s: %s\n", what, why);
    exit(1);
}

static void put(struct record *record, int byte)
{
    if (record->used == record->size) {
        record->size = record->size ? 2 * record->size : 4096;
        record->text = realloc(record->text, record->size);
        if (!record->text)
            fail("record", "out of memory");
    }
    record->text[record->used++] = (char)byte;
}

/* Reads a record as RFC 4180 has it; false at the end of the file. */
static bool read_record(FILE *file, struct record *record)
{
    int byte = getc(file);
    if (byte == EOF)
        return false;
    record->used = 0;
    record->count = 0;
    for (bool more = true; more; byte = more ? getc(file) : byte) {
        if (record->count == MOST_COLUMNS)
            fail("record", "too many columns");
        record->starts[record->count++] = record->used;
        bool quoted = byte == '"';
        if (quoted)
            byte = getc(file);
        for (; byte != EOF; byte = getc(file)) {
            if (quoted && byte == '"') {
                byte = getc(file);
                quoted = byte == '"';
                if (quoted) {
                    put(record, '"');
                    continue;
                }
            }
            if (!quoted && (byte == ',' || byte == '\n'))
                break;
            if (quoted || byte != '\r')
                put(record, byte);
        }
        put(record, 0);
        more = byte == ',';
    }
    return true;
}

static const char *field(const struct record *record, int index)
{
    return index < record->count ? record->text + record->starts[index] : NULL;
}

static void check(sqlite3 *database, int status)
{
    if (status != SQLITE_OK && status != SQLITE_DONE && status != SQLITE_ROW)
        fail("SQL", sqlite3_errmsg(database));
}

static void load(sqlite3 *database, FILE *file)
{
    struct record record = {0};
    if (!read_record(file, &record))
        fail("file", "it is empty");
    int columns = record.count;
    sqlite3_str *table = sqlite3_str_new(database), *row = sqlite3_str_new(database);
    for (int i = 0; i < columns; i++) {
        /* Numbers compare as numbers: NUMERIC keeps what is none as text. */
        sqlite3_str_appendf(table, "%s\"%w\" NUMERIC", i ? ", " : "CREATE TABLE sheet (", field(&record, i));
        sqlite3_str_appendall(row, i ? ", ?" : "INSERT INTO sheet VALUES (?");
    }
    sqlite3_str_appendall(table, ")");
    sqlite3_str_appendall(row, ")");
    char *create = sqlite3_str_finish(table), *insert = sqlite3_str_finish(row);
    sqlite3_stmt *statement;
    check(database, sqlite3_exec(database, create, NULL, NULL, NULL));
    check(database, sqlite3_exec(database, "BEGIN", NULL, NULL, NULL));
    check(database, sqlite3_prepare_v2(database, insert, -1, &statement, NULL));
    while (read_record(file, &record)) {
        for (int i = 0; i < columns; i++)
            check(database, sqlite3_bind_text(statement, i + 1, field(&record, i), -1, SQLITE_TRANSIENT));
        check(database, sqlite3_step(statement));
        check(database, sqlite3_reset(statement));
    }
    check(database, sqlite3_finalize(statement));
    check(database, sqlite3_exec(database, "COMMIT", NULL, NULL, NULL));
    sqlite3_free(create);
    sqlite3_free(insert);
    free(record.text);
}

static int print_row(void *first, int count, char **values, char **names)
{
    if (*(bool *)first)
        for (int i = 0; i < count; i++)
            printf("%s%s", names[i], i + 1 < count ? "\t" : "\n");
    *(bool *)first = false;
    for (int i = 0; i < count; i++)
        printf("%s%s", values[i] ? values[i] : "", i + 1 < count ? "\t" : "\n");
    return 0;
}

int main(int count, char **arguments)
{
    if (count == 2 && !strcmp(arguments[1], "--version")) {
        printf("sheet 1.0, SQLite %s\n", sqlite3_libversion());
        return 0;
    }
    if (count != 3) {
        fputs("usage: sheet FILE SQL\nThe table is called sheet; FILE may be - for standard input.\n", stderr);
        return 2;
    }
    FILE *file = strcmp(arguments[1], "-") ? fopen(arguments[1], "r") : stdin;
    if (!file)
        fail(arguments[1], strerror(errno));
    sqlite3 *database;
    check(database, sqlite3_open(":memory:", &database));
    load(database, file);
    bool first = true;
    char *why = NULL;
    if (sqlite3_exec(database, arguments[2], print_row, &first, &why) != SQLITE_OK)
        fail("SQL", why);
    sqlite3_close(database);
    return fflush(stdout) ? 1 : 0;
}
