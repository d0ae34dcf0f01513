/* Only cpplint has something to say of this one. */
#include <stdio.h>
#include <string.h>

int f(int a,int b);

int f(int a,int b)
{

	if (a==b)
		a = b<<1;
	for (a = 0; a<b; a++) {
		b --;
	}
	while( a ) {
		a--;
	}
   if (a) a = 2;
	for (a = 0; a < 3; a++);
	if (a) {}
	while (a++ < b) {
		b-- ;
	}
	return a;

}

static const char *text = "a line that goes on and on and on and on and on and on and on and on and on";
static const char *joined = "one\
 two";
int g(char *s); /* a comment of
	two lines */

int g(char *s)
{
	sprintf(s, "%s", joined);   
	*s++;
	s = strtok(s, text);
	return s != NULL;
}

int last;