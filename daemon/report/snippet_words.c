#include "report/snippet_words.h"

#define OF(vi, en, km)                                                                   \
    {                                                                                    \
        [LANGUAGE_VI] = vi, [LANGUAGE_EN] = en, [LANGUAGE_KM] = km                       \
    }

/* What takes no script tells its page by Referer, of which a browser by itself sends the
 * host only. */
#define WHOLE_REFERRER "referrerpolicy=\"no-referrer-when-downgrade\""

const struct snippet snippet_list[SNIPPETS] = {
    {"html", OF("Trang HTML", "Plain HTML", "ទំព័រ HTML"),
     OF("Dán thẻ script một lần vào mẫu chung của mọi trang, ngay trước </body>; dán "
        "khung vào nơi nó sẽ hiện. luot.js chỉ được tải khi trang đã tải xong: máy đếm "
        "không trả lời thì trang vẫn xong đúng lúc. Không có widget.css, khung mang kiểu "
        "chữ của trang.",
        "Paste the script once into the template of all pages, just before </body>, and "
        "the box where it is to appear. luot.js is fetched once the page is loaded: a "
        "counter that does not answer delays nothing. Without widget.css the box looks "
        "like the page around it.",
        "បិទភ្ជាប់ស្លាក script ម្តងក្នុងគំរូរួមនៃគ្រប់ទំព័រ មុន </body> និងប្រអប់នៅកន្លែងដែលត្រូវបង្ហាញ។ "
        "luot.js ត្រូវបានទាញយកពេលទំព័រផ្ទុករួច។ "
        "បើគ្មាន widget.css ប្រអប់មានរូបរាងដូចទំព័រ។"),
     "@BOX@\n\n@LOADER@"},
    {"async",
     OF("Thẻ cho trang không nhận script viết trong trang",
        "A tag for pages that take no scripts written in them",
        "ស្លាកសម្រាប់ទំព័រដែលមិនទទួលស្គ្រីបសរសេរក្នុងទំព័រ"),
     OF("Thay cho thẻ trên, nếu Content-Security-Policy của trang cấm script viết trong "
        "trang. Khi máy đếm không trả lời, lần xem đầu của mỗi trình duyệt chờ nó mới "
        "báo "
        "là tải xong; nội dung vẫn hiện đúng lúc.",
        "Instead of the tag above, where the page's Content-Security-Policy forbids "
        "scripts written in it. A counter that does not answer then holds the end of a "
        "browser's first load; what the page shows is there in time.",
        "ជំនួសស្លាកខាងលើ បើ Content-Security-Policy នៃទំព័រហាមស្គ្រីបសរសេរក្នុងទំព័រ។ "
        "បើម៉ាស៊ីនរាប់មិនឆ្លើយ ការផ្ទុកលើកដំបូងមិនទាន់ចប់ តែខ្លឹមសារបង្ហាញទាន់ពេល។"),
     "@TAG@"},
    {"wordpress", OF("WordPress", "WordPress", "WordPress"),
     OF("Thẻ: vào functions.php của giao diện con. Khung: một khối Custom HTML ở thanh "
        "bên hay chân trang.",
        "The tag: into functions.php of the child theme. The box: a Custom HTML block in "
        "the "
        "sidebar or footer.",
        "ស្លាក៖ ក្នុង functions.php នៃ child theme។ ប្រអប់៖ ប្លុក Custom HTML នៅរបារចំហៀង "
        "ឬបាតទំព័រ។"),
     "add_action('wp_footer', function () { ?>\n@LOADER@\n<?php });\n\n@BOX@"},
    {"joomla", OF("Joomla", "Joomla", "Joomla"),
     OF("Thẻ: vào index.php của template, trước </body>. Khung: một mô-đun Custom, soạn "
        "bằng Editor – None, "
        "Text Filters của nhóm là No Filtering.",
        "The tag: into index.php of the template, before </body>. The box: a Custom "
        "module, "
        "written with Editor – None by a group whose Text Filters are No Filtering.",
        "ស្លាក៖ ក្នុង index.php នៃ template មុន </body>។ ប្រអប់៖ ម៉ូឌុល Custom សរសេរដោយ Editor – "
        "None "
        "ហើយ Text Filters ជា No Filtering។"),
     "@LOADER@\n\n@BOX@"},
    {"dotnetnuke", OF("DotNetNuke (DNN)", "DotNetNuke (DNN)", "DotNetNuke (DNN)"),
     OF("Thẻ: vào cuối tệp .ascx của skin; cho một trang riêng: Page Settings › Advanced "
        "› Page Header Tags. "
        "Khung: một mô-đun HTML, ở chế độ Source.",
        "The tag: at the end of the skin’s .ascx file; for one page only: Page Settings "
        "› "
        "Advanced › Page Header Tags. The box: an HTML module, in Source mode.",
        "ស្លាក៖ ចុងឯកសារ .ascx នៃ skin; សម្រាប់ទំព័រតែមួយ៖ Page Settings › Advanced › Page "
        "Header Tags។ "
        "ប្រអប់៖ ម៉ូឌុល HTML ក្នុង Source។"),
     "@LOADER@\n\n@BOX@"},
    {"drupal", OF("Drupal", "Drupal", "Drupal"),
     OF("Hai tệp của giao diện (thay THEME bằng tên của nó), rồi xoá bộ đệm. Khung: một "
        "Custom block, "
        "định dạng Full HTML.",
        "Two files of the theme (write its name for THEME), then clear the caches. The "
        "box: a "
        "Custom block in Full HTML.",
        "ឯកសារពីរនៃ theme (ប្តូរ THEME ជាឈ្មោះរបស់វា) រួចសម្អាត cache។ ប្រអប់៖ Custom block ជា "
        "Full HTML។"),
     "# THEME.libraries.yml\nluot:\n  js:\n    @URL@luot.js: { type: external, minified: "
     "true, "
     "attributes: { async: true@DATA@ } }\n\n# THEME.info.yml\nlibraries:\n  - "
     "THEME/luot\n\n@BOX@"},
    {"page", OF("Lượt xem của từng trang", "The views of each page", "ចំនួនមើលនៃទំព័រនីមួយៗ"),
     OF("Cần thẻ script. Trang hiện “Lượt xem: 123” của chính nó. Mỗi trang có nhiều "
        "nhất tám chỗ, kể cả khung.",
        "Needs the script. The page shows its own “Views: 123”. A page has at most eight "
        "places, boxes too.",
        "ត្រូវការស្លាក script។ ទំព័របង្ហាញចំនួនមើលរបស់ខ្លួន។ ទំព័រមួយមានយ៉ាងច្រើនប្រាំបីកន្លែង រួមទាំងប្រអប់។"),
     "<span data-luot-page></span>"},
    {"iframe",
     OF("Khung iframe, không cần script", "The box as an iframe, without scripts",
        "ប្រអប់ iframe ដោយគ្មានស្គ្រីប"),
     OF("Có ?count thì đếm cả trang chứa nó; bỏ đi nếu trang đã có thẻ script hay ảnh "
        "đếm. style=line hoặc "
        "digits, theme=dark cho trang nền tối.",
        "With ?count it counts the page that holds it; leave that out where the script "
        "or the "
        "pixel counts. style=line or digits, theme=dark for dark pages.",
        "មាន ?count វារាប់ទំព័រដែលមានវា; ដកចេញបើមានស្គ្រីប ឬរូបភាពរាប់។ style=line ឬ digits, "
        "theme=dark សម្រាប់ទំព័រងងឹត។"),
     "<iframe src=\"@URL@@KEY@/widget.html?count&amp;lang=@LANG@&amp;theme=light\" "
     "title=\"@TITLE@\"\n"
     "        width=\"280\" height=\"190\" frameborder=\"0\" "
     "loading=\"lazy\" " WHOLE_REFERRER "></iframe>"},
    {"badge",
     OF("Huy hiệu, một số trong một ảnh", "A badge: one number in an image",
        "ផ្លាកសញ្ញា៖ លេខមួយក្នុងរូបភាព"),
     OF("of=online, today, yesterday, week, month hoặc total. ?count như trên.",
        "of=online, today, yesterday, week, month or total. ?count as above.",
        "of=online, today, yesterday, week, month ឬ total។ ?count ដូចខាងលើ។"),
     "<img src=\"@URL@@KEY@/badge.svg?of=total&amp;lang=@LANG@\" height=\"20\" "
     "alt=\"@TITLE@\" " WHOLE_REFERRER ">"},
    {"pixel",
     OF("Ảnh đếm, khi không có script", "A pixel, where scripts are not allowed",
        "រូបភាពសម្រាប់រាប់ ពេលគ្មានស្គ្រីប"),
     OF("Một ảnh 43 byte. Trang được đếm là trang chứa ảnh.",
        "An image of 43 bytes. What is counted is the page that holds it.",
        "រូបភាព 43 បៃ។ ទំព័រដែលត្រូវរាប់ គឺទំព័រដែលមានរូបភាពនេះ។"),
     "<img src=\"@URL@p.gif?s=@KEY@\" width=\"1\" height=\"1\" alt=\"\" " WHOLE_REFERRER
     ">"},
    {"off",
     OF("Không đếm trình duyệt này", "Do not count this browser", "កុំរាប់កម្មវិធីរុករកនេះ"),
     OF("Ai bấm liên kết này thì từ đó không được đếm trên cổng ấy; #luot.js#on đếm lại. "
        "Cần thẻ script.",
        "Who follows this link is not counted on that portal from then on; #luot.js#on "
        "counts "
        "again. Needs the script.",
        "អ្នកដែលចុចតំណនេះ មិនត្រូវបានរាប់លើវិបផតថលនោះទៀតទេ; #luot.js#on រាប់វិញ។ ត្រូវការស្លាក "
        "script។"),
     "<a href=\"#luot.js#off\">@NAME@</a>"},
    {"csp",
     OF("Khi trang có Content-Security-Policy",
        "Where the page has a Content-Security-Policy",
        "ពេលទំព័រមាន Content-Security-Policy"),
     OF("Thêm máy chủ này vào các dòng sau.", "Add this server to these lines.",
        "បន្ថែមម៉ាស៊ីនមេនេះទៅបន្ទាត់ខាងក្រោម។"),
     "script-src @ORIGIN@; connect-src @ORIGIN@; img-src @ORIGIN@; style-src @ORIGIN@; "
     "frame-src @ORIGIN@"},
};
