#include "report/privacy_rows.h"

static bool is_on_disk(const struct privacy *p)
{
    return strcmp(p->arena_fs, "tmpfs") != 0;
}

static bool is_in_memory(const struct privacy *p)
{
    return !is_on_disk(p);
}

static bool has_sqlite(const struct privacy *p)
{
    return p->sqlite;
}

static bool has_redis(const struct privacy *p)
{
    return p->redis;
}

static bool has_no_store(const struct privacy *p)
{
    return !p->sqlite && !p->redis;
}

static bool shares_keys(const struct privacy *p)
{
    return p->redis && p->keys_shared;
}

/* clang-format off */
static const struct privacy_row rows[] = {
    {PRIVACY_NEVER, "address", NULL,
     {[LANGUAGE_EN] = "Your address on the network (IP). It serves for a moment to compute the mark below; two seconds after your connection has ended, nothing of it is left in memory.",
      [LANGUAGE_VI] = "Địa chỉ mạng (IP) của bạn. Nó chỉ được dùng trong chốc lát để tính dấu hiệu nói ở dưới; hai giây sau khi kết nối kết thúc, trong bộ nhớ không còn gì của nó.",
      [LANGUAGE_KM] = "អាសយដ្ឋានបណ្ដាញ (IP) របស់អ្នក។ វាត្រូវបានប្រើតែមួយភ្លែត ដើម្បីគណនាសញ្ញាខាងក្រោម។ ពីរវិនាទីបន្ទាប់ពីការតភ្ជាប់បានបញ្ចប់ គ្មានអ្វីរបស់វានៅក្នុងអង្គចងចាំទៀតទេ។"}, {NULL}},
    {PRIVACY_NEVER, "agent", NULL,
     {[LANGUAGE_EN] = "What your browser calls itself (User-Agent). It serves for the same moment and is forgotten with the address.",
      [LANGUAGE_VI] = "Tên mà trình duyệt tự xưng (User-Agent). Nó chỉ được dùng trong chốc lát đó và bị xoá cùng với địa chỉ.",
      [LANGUAGE_KM] = "ឈ្មោះដែលកម្មវិធីរុករករបស់អ្នកហៅខ្លួនឯង (User-Agent)។ វាត្រូវបានប្រើក្នុងភ្លែតដដែល ហើយត្រូវបានបំភ្លេចជាមួយអាសយដ្ឋាន។"}, {NULL}},
    {PRIVACY_NEVER, "cookie", NULL,
     {[LANGUAGE_EN] = "Cookies. Nothing at all is stored on your device.",
      [LANGUAGE_VI] = "Cookie. Không có gì được lưu trên thiết bị của bạn.",
      [LANGUAGE_KM] = "ខូគី។ គ្មានអ្វីត្រូវបានរក្សាទុកនៅលើឧបករណ៍របស់អ្នកឡើយ។"}, {NULL}},
    {PRIVACY_NEVER, "history", NULL,
     {[LANGUAGE_EN] = "Which pages you, or any one visitor, have viewed.",
      [LANGUAGE_VI] = "Bạn, hay bất kỳ một người nào, đã xem những trang nào.",
      [LANGUAGE_KM] = "ទំព័រណាខ្លះដែលអ្នក ឬអ្នកទស្សនាណាម្នាក់ បានមើល។"}, {NULL}},
    {PRIVACY_NEVER, "others", NULL,
     {[LANGUAGE_EN] = "Nothing about you is sent to another company or service.",
      [LANGUAGE_VI] = "Không có gì về bạn được gửi cho công ty hay dịch vụ nào khác.",
      [LANGUAGE_KM] = "គ្មានអ្វីអំពីអ្នកត្រូវបានផ្ញើទៅក្រុមហ៊ុន ឬសេវាកម្មផ្សេងឡើយ។"}, {NULL}},

    {PRIVACY_MARK, "mark", NULL,
     {[LANGUAGE_EN] = "So that a person counts once, a number of 44 bits is computed from the site, your address (of IPv6 its first half) and your browser's name, with a secret key. Without the key it says nothing, and nothing can be read back from it.",
      [LANGUAGE_VI] = "Để mỗi người chỉ được đếm một lần, một số 44 bit được tính từ trang web, địa chỉ của bạn (với IPv6 là nửa đầu) và tên trình duyệt, bằng một khoá bí mật. Không có khoá thì số đó không nói lên điều gì, và không thể suy ngược lại từ nó.",
      [LANGUAGE_KM] = "ដើម្បីឱ្យមនុស្សម្នាក់ត្រូវបានរាប់តែម្ដង លេខ 44 ប៊ីតមួយត្រូវបានគណនាពីគេហទំព័រ អាសយដ្ឋានរបស់អ្នក (IPv6 តែពាក់កណ្ដាលដំបូង) និងឈ្មោះកម្មវិធីរុករក ដោយប្រើសោសម្ងាត់មួយ។ បើគ្មានសោ លេខនេះគ្មានន័យអ្វីទេ ហើយមិនអាចអានត្រឡប់វិញបានឡើយ។"}, {NULL}},
    {PRIVACY_MARK, "erased", NULL,
     {[LANGUAGE_EN] = "When a key's time is over, the key and all marks made with it are erased. From then on nobody can tell who was here, not even the operator.",
      [LANGUAGE_VI] = "Khi khoá hết hạn, khoá và mọi dấu hiệu tạo bằng nó bị xoá. Từ lúc đó không ai biết được ai đã vào đây, kể cả người vận hành.",
      [LANGUAGE_KM] = "ពេលសោអស់សុពលភាព សោ និងសញ្ញាទាំងអស់ដែលបានបង្កើតដោយវា ត្រូវបានលុប។ ចាប់ពីពេលនោះ គ្មាននរណាអាចដឹងថានរណាធ្លាប់មកទីនេះឡើយ សូម្បីតែអ្នកថែទាំប្រព័ន្ធ។"}, {NULL}},

    {PRIVACY_KEPT, "marks", NULL,
     {[LANGUAGE_EN] = "Marks, and when each was last seen.",
      [LANGUAGE_VI] = "Dấu hiệu, và lần cuối thấy mỗi dấu hiệu.",
      [LANGUAGE_KM] = "សញ្ញា និងពេលចុងក្រោយដែលឃើញសញ្ញានីមួយៗ។"},
     {[LANGUAGE_EN] = "until their key is erased: see the table of sites",
      [LANGUAGE_VI] = "đến khi khoá của chúng bị xoá: xem bảng các trang",
      [LANGUAGE_KM] = "រហូតដល់សោរបស់វាត្រូវបានលុប៖ មើលតារាងគេហទំព័រ"}},
    {PRIVACY_KEPT, "quarters", NULL,
     {[LANGUAGE_EN] = "How many views and visits there were in each quarter of an hour.",
      [LANGUAGE_VI] = "Số lượt xem và lượt truy cập trong mỗi 15 phút.",
      [LANGUAGE_KM] = "ចំនួនការមើល និងការចូលមើលក្នុងរយៈពេល 15 នាទីនីមួយៗ។"},
     {[LANGUAGE_EN] = "36 days", [LANGUAGE_VI] = "36 ngày", [LANGUAGE_KM] = "36 ថ្ងៃ"}},
    {PRIVACY_KEPT, "sketches", NULL,
     {[LANGUAGE_EN] = "A summary of each day, from which only the number of visitors can be told.",
      [LANGUAGE_VI] = "Bản tóm tắt mỗi ngày, từ đó chỉ tính được số khách.",
      [LANGUAGE_KM] = "សេចក្ដីសង្ខេបនៃថ្ងៃនីមួយៗ ដែលអាចប្រាប់បានតែចំនួនអ្នកទស្សនាប៉ុណ្ណោះ។"},
     {[LANGUAGE_EN] = "62 days", [LANGUAGE_VI] = "62 ngày", [LANGUAGE_KM] = "62 ថ្ងៃ"}},
    {PRIVACY_KEPT, "totals", NULL,
     {[LANGUAGE_EN] = "How many views, visits and visitors there were in each day, week and month.",
      [LANGUAGE_VI] = "Số lượt xem, lượt truy cập và khách trong mỗi ngày, tuần và tháng.",
      [LANGUAGE_KM] = "ចំនួនការមើល ការចូលមើល និងអ្នកទស្សនា ក្នុងថ្ងៃ សប្ដាហ៍ និងខែនីមួយៗ។"},
     {[LANGUAGE_EN] = "for ever", [LANGUAGE_VI] = "mãi mãi", [LANGUAGE_KM] = "ជារៀងរហូត"}},
    {PRIVACY_KEPT, "log", NULL,
     {[LANGUAGE_EN] = "luotd's log: starts, faults and what operators did. It has no visitor's address and no browser's name.",
      [LANGUAGE_VI] = "Nhật ký của luotd: khởi động, lỗi và việc người vận hành làm. Không có địa chỉ hay tên trình duyệt của khách.",
      [LANGUAGE_KM] = "កំណត់ហេតុរបស់ luotd៖ ការចាប់ផ្ដើម កំហុស និងអ្វីដែលអ្នកថែទាំបានធ្វើ។ វាគ្មានអាសយដ្ឋាន ឬឈ្មោះកម្មវិធីរុករករបស់អ្នកទស្សនាទេ។"},
     {[LANGUAGE_EN] = "as long as the server keeps its logs",
      [LANGUAGE_VI] = "theo thời hạn lưu nhật ký của máy chủ",
      [LANGUAGE_KM] = "តាមរយៈពេលដែលម៉ាស៊ីនមេរក្សាទុកកំណត់ហេតុ"}},
    {PRIVACY_KEPT, "audit", NULL,
     {[LANGUAGE_EN] = "Which operator changed what, and when.",
      [LANGUAGE_VI] = "Người vận hành nào đã đổi gì, khi nào.",
      [LANGUAGE_KM] = "អ្នកថែទាំណាបានផ្លាស់ប្ដូរអ្វី និងនៅពេលណា។"},
     {[LANGUAGE_EN] = "for ever", [LANGUAGE_VI] = "mãi mãi", [LANGUAGE_KM] = "ជារៀងរហូត"}},
    {PRIVACY_KEPT, "not_yet", NULL,
     {[LANGUAGE_EN] = "Names of pages, referrers, countries, kinds of browsers: this version keeps none of them.",
      [LANGUAGE_VI] = "Tên trang, nguồn đến, quốc gia, loại trình duyệt: phiên bản này không lưu.",
      [LANGUAGE_KM] = "ឈ្មោះទំព័រ ប្រភពដែលនាំមក ប្រទេស ប្រភេទកម្មវិធីរុករក៖ កំណែនេះមិនរក្សាទុកទេ។"},
     {[LANGUAGE_EN] = "not kept", [LANGUAGE_VI] = "không lưu", [LANGUAGE_KM] = "មិនរក្សាទុក"}},

    {PRIVACY_PLACE, "memory", is_in_memory,
     {[LANGUAGE_EN] = "Keys and marks are in the server's memory only and go when it is switched off. (A server short of memory may swap.)",
      [LANGUAGE_VI] = "Khoá và dấu hiệu chỉ nằm trong bộ nhớ của máy chủ và mất khi tắt máy. (Máy chủ thiếu bộ nhớ có thể dùng vùng hoán đổi.)",
      [LANGUAGE_KM] = "សោ និងសញ្ញាស្ថិតតែក្នុងអង្គចងចាំរបស់ម៉ាស៊ីនមេ ហើយបាត់ពេលបិទម៉ាស៊ីន។ (ម៉ាស៊ីនមេដែលខ្វះអង្គចងចាំ អាចប្រើទំហំប្ដូរ (swap)។)"}, {NULL}},
    {PRIVACY_PLACE, "disk", is_on_disk,
     {[LANGUAGE_EN] = "Keys and marks are in a file that does not lie in memory but on a disk, because of how this server is set up. What is erased there may be recoverable; its operator should let run_dir be on a tmpfs.",
      [LANGUAGE_VI] = "Khoá và dấu hiệu nằm trong một tệp trên đĩa, không phải trong bộ nhớ, do cách cài đặt máy chủ này. Thứ đã xoá trên đĩa có thể khôi phục được; người vận hành nên đặt run_dir trên tmpfs.",
      [LANGUAGE_KM] = "សោ និងសញ្ញាស្ថិតក្នុងឯកសារនៅលើថាស មិនមែនក្នុងអង្គចងចាំទេ ដោយសាររបៀបរៀបចំម៉ាស៊ីនមេនេះ។ អ្វីដែលបានលុបនៅទីនោះ អាចយកមកវិញបាន។ អ្នកថែទាំគួរដាក់ run_dir នៅលើ tmpfs។"}, {NULL}},
    {PRIVACY_PLACE, "sqlite", has_sqlite,
     {[LANGUAGE_EN] = "Numbers and summaries are in a database file on this server (SQLite).",
      [LANGUAGE_VI] = "Các con số và bản tóm tắt nằm trong một tệp cơ sở dữ liệu trên máy chủ này (SQLite).",
      [LANGUAGE_KM] = "លេខ និងសេចក្ដីសង្ខេប ស្ថិតក្នុងឯកសារមូលដ្ឋានទិន្នន័យនៅលើម៉ាស៊ីនមេនេះ (SQLite)។"}, {NULL}},
    {PRIVACY_PLACE, "redis", has_redis,
     {[LANGUAGE_EN] = "Numbers and summaries are in a Redis server of the operator. Servers that count together also leave there, for at most 26 hours, up to 1,500 marks of a site, never its key.",
      [LANGUAGE_VI] = "Các con số và bản tóm tắt nằm trong một máy chủ Redis của người vận hành. Các máy chủ cùng đếm còn để ở đó, lâu nhất 26 giờ, đến 1.500 dấu hiệu của mỗi trang, không bao giờ có khoá.",
      [LANGUAGE_KM] = "លេខ និងសេចក្ដីសង្ខេប ស្ថិតក្នុងម៉ាស៊ីនមេ Redis របស់អ្នកថែទាំ។ ម៉ាស៊ីនមេដែលរាប់ជាមួយគ្នា ក៏ដាក់នៅទីនោះ យ៉ាងយូរ 26 ម៉ោង សញ្ញារហូតដល់ 1.500 នៃគេហទំព័រនីមួយៗ ប៉ុន្តែមិនដាក់សោទេ។"}, {NULL}},
    {PRIVACY_PLACE, "shared_key", shares_keys,
     {[LANGUAGE_EN] = "Servers that count together have one key, made from a secret that each of them holds and a random number in Redis that is erased too.",
      [LANGUAGE_VI] = "Các máy chủ cùng đếm có chung một khoá, tạo từ một bí mật mà mỗi máy giữ và một số ngẫu nhiên trong Redis, số này cũng bị xoá.",
      [LANGUAGE_KM] = "ម៉ាស៊ីនមេដែលរាប់ជាមួយគ្នា មានសោរួមតែមួយ ដែលបង្កើតពីអាថ៌កំបាំងដែលម៉ាស៊ីននីមួយៗរក្សា និងលេខចៃដន្យក្នុង Redis ដែលត្រូវបានលុបដែរ។"}, {NULL}},
    {PRIVACY_PLACE, "nowhere", has_no_store,
     {[LANGUAGE_EN] = "Numbers are in memory only and go when this server is switched off.",
      [LANGUAGE_VI] = "Các con số chỉ nằm trong bộ nhớ và mất khi tắt máy chủ này.",
      [LANGUAGE_KM] = "លេខស្ថិតតែក្នុងអង្គចងចាំ ហើយបាត់ពេលបិទម៉ាស៊ីនមេនេះ។"}, {NULL}},
    {PRIVACY_PLACE, "web_server", NULL,
     {[LANGUAGE_EN] = "The portal's own web server may keep logs, with addresses. luot has no part in that; ask who runs the portal.",
      [LANGUAGE_VI] = "Máy chủ web của cổng thông tin có thể giữ nhật ký riêng, có địa chỉ. luot không dính vào việc đó; xin hỏi đơn vị quản lý cổng.",
      [LANGUAGE_KM] = "ម៉ាស៊ីនមេគេហទំព័រផ្ទាល់ អាចរក្សាទុកកំណត់ហេតុដែលមានអាសយដ្ឋាន។ luot មិនពាក់ព័ន្ធនឹងការនោះទេ។ សូមសួរអ្នកគ្រប់គ្រងគេហទំព័រ។"}, {NULL}},

    {PRIVACY_CHOICE, "dnt_gpc", NULL,
     {[LANGUAGE_EN] = "Where your browser says Do Not Track or Global Privacy Control, no mark is computed. The view counts, as a number and nothing else.",
      [LANGUAGE_VI] = "Nếu trình duyệt của bạn gửi Do Not Track hoặc Global Privacy Control, không dấu hiệu nào được tính. Lượt xem vẫn được đếm, chỉ như một con số.",
      [LANGUAGE_KM] = "បើកម្មវិធីរុករករបស់អ្នកផ្ញើ Do Not Track ឬ Global Privacy Control គ្មានសញ្ញាណាមួយត្រូវបានគណនាឡើយ។ ការមើលត្រូវបានរាប់ ជាលេខតែប៉ុណ្ណោះ។"}, {NULL}},
};

static const struct privacy_words words[LANGUAGES] = {
    [LANGUAGE_EN] = {
        "What is kept about visitors",
        "luot counts the visits to the portals of this server. This page is written by the program itself, from how it is set up here.",
        {"What is never kept", "How visitors are told apart", "What is kept, and for how long", "Where it is kept", "What you can do"},
        "How long", "Sites of this server", "Site", "A key lasts", "The present key is erased",
        "a month, and 7 days more", "a day, and one day more", "More sites are not shown here:",
        "Whom to ask", "Ask who runs the portal that you visited."},
    [LANGUAGE_VI] = {
        "Những gì được lưu về khách truy cập",
        "luot đếm lượt truy cập của các cổng thông tin trên máy chủ này. Trang này do chính chương trình viết ra, theo cách nó được cài đặt ở đây.",
        {"Không bao giờ lưu", "Phân biệt khách bằng cách nào", "Lưu những gì, trong bao lâu", "Lưu ở đâu", "Bạn có thể làm gì"},
        "Bao lâu", "Các trang trên máy chủ này", "Trang", "Thời hạn của khoá", "Khoá hiện tại bị xoá lúc",
        "một tháng, thêm 7 ngày", "một ngày, thêm một ngày", "Số trang khác không hiện ở đây:",
        "Hỏi ai", "Xin hỏi đơn vị quản lý cổng thông tin bạn đã vào."},
    [LANGUAGE_KM] = {
        "អ្វីដែលត្រូវបានរក្សាទុកអំពីអ្នកទស្សនា",
        "luot រាប់ចំនួនចូលមើលគេហទំព័រនៃម៉ាស៊ីនមេនេះ។ ទំព័រនេះសរសេរដោយកម្មវិធីខ្លួនឯង តាមរបៀបដែលវាត្រូវបានរៀបចំនៅទីនេះ។",
        {"អ្វីដែលមិនដែលរក្សាទុក", "របៀបបែងចែកអ្នកទស្សនា", "អ្វីដែលរក្សាទុក និងរយៈពេល", "កន្លែងរក្សាទុក", "អ្វីដែលអ្នកអាចធ្វើបាន"},
        "រយៈពេល", "គេហទំព័រនៃម៉ាស៊ីនមេនេះ", "គេហទំព័រ", "សុពលភាពសោ", "សោបច្ចុប្បន្នត្រូវលុបនៅ",
        "មួយខែ និងបន្ថែម 7 ថ្ងៃ", "មួយថ្ងៃ និងបន្ថែមមួយថ្ងៃ", "គេហទំព័រផ្សេងទៀតដែលមិនបង្ហាញនៅទីនេះ៖",
        "សួរនរណា", "សូមសួរអ្នកគ្រប់គ្រងគេហទំព័រដែលអ្នកបានចូលមើល។"},
};
/* clang-format on */

const struct privacy_row *privacy_rows(size_t *ret_count)
{
    *ret_count = sizeof rows / sizeof rows[0];
    return rows;
}

const struct privacy_words *privacy_words(enum language language)
{
    return &words[language];
}
